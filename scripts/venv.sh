#!/usr/bin/env bash
# Makes .venv, installs requirements.lock with its hashes, then the project itself in place.
set -euo pipefail

# Prints the first Python new enough. Each is tried, not only looked up: version managers leave names that do not run.
find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    echo "setup: needs Python 3.11 or newer; found $(python3 --version 2>&1 || true)" >&2
    return 1
}

# .venv outlives its interpreter when that is upgraded or removed.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        echo "setup: $python cannot make virtual environments; on Debian: sudo apt-get install python3-venv" >&2
        exit 1
    fi
    echo "setup: .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

install=(.venv/bin/python -m pip install --disable-pip-version-check --no-input --quiet --root-user-action ignore)
"${install[@]}" --require-hashes --requirement requirements.lock </dev/null
# setuptools is among the locked: nothing is downloaded here.
"${install[@]}" --no-build-isolation --no-deps --editable . </dev/null
