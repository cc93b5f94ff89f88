"""The people page."""

from fastapi import APIRouter

router = APIRouter()
