"""Who asks the API: a token's owner, or whoever is signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pipeline.web.context import Who, reviewer

bearer = HTTPBearer(auto_error=False, description="A token made by `kuohao users token NAME`; none is needed without users.")


def caller(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Who:
    """The person whose token or session it is. `given` stands in the description only: `reviewer` looks at it itself.

    Raises NotSignedIn, which becomes 401.
    """
    return reviewer(request)
