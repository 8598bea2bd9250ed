#!/bin/sh
# Usage: apt.sh REASON PACKAGE...
# Installs Debian packages if that is possible without a prompt; otherwise says what to install by hand.
set -eu
reason=$1
shift

give_up() {
    echo "$reason" >&2
    echo "$why Please install $* (Debian package names), then run make again." >&2
    exit 1
}

if ! command -v apt-get >/dev/null 2>&1; then
    why="This machine has no apt-get."
    give_up "$@"
elif [ "$(id -u)" = 0 ]; then
    sudo=""
elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    sudo="sudo"
else
    why="You are not root, and sudo is missing or asks for a password."
    give_up "$@"
fi

why="apt-get failed; see its output above."
echo "$reason Installing with apt-get: $*"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q || give_up "$@"
$sudo apt-get install -q -y --no-install-recommends "$@" || give_up "$@"
