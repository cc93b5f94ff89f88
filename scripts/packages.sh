#!/usr/bin/env bash
# Installs the Debian packages that are missing: the second reader, fonts that print the samples and the tests, and the
# database and mail servers that the tests start for themselves.
# Where it may not, it prints the one command to run and lets the caller go on.
set -euo pipefail

packages=(
    tesseract-ocr tesseract-ocr-chi-sim  # the second reader and its simplified Chinese model
    fonts-arphic-gbsn00lp fonts-arphic-gkai00mp fonts-wqy-zenhei fonts-wqy-microhei  # what units retype the form in
    fonts-lxgw-wenkai fonts-klee  # regular script
    fonts-breip fonts-femkeklaver fonts-seto fonts-kiloji fonts-humor-sans fonts-yusei-magic  # pens
    chromium  # the tests' browser for the review pages; serving needs none
    postgresql  # the store's other database; reading needs none
    dovecot-imapd  # the mail server that the tests fetch from; `kuohao mail` needs none
)

if ! command -v dpkg-query apt-get >/dev/null; then
    echo "setup: not a Debian system; install what matches: ${packages[*]}" >&2
    exit 0
fi

# dpkg-query fails when it has never heard of one of them, which is an answer too.
present=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
    grep -qx "installed $package" <<<"$present" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
    root=(sudo)
fi
if [ "$(id -u)" -ne 0 ] && ! { command -v sudo && sudo --non-interactive true; } >/dev/null 2>&1; then
    echo "setup: run this once, then make setup again:" >&2
    echo "    sudo apt-get install --no-install-recommends --yes ${missing[*]}" >&2
    exit 0
fi

echo "setup: installing ${missing[*]}"
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update --quiet=2 </dev/null
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends --yes --quiet=2 "${missing[@]}" \
    </dev/null >/dev/null
