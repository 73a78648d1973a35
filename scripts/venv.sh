#!/bin/sh
# Makes .venv and installs into it what changed: `sh scripts/venv.sh [--unlocked] run [dev] [bench]`.
# A stamp inside .venv for each set holds the SHA-256 of its files, so a second time nothing is installed and no network is needed.
# Plain sh: it runs before any suitable Python is known to exist. Every failure is one line.
set -eu
cd "$(dirname "$0")/.."

venv=.venv
python=$venv/bin/python
log=$venv/pip.log

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

version() { "$1" -c 'import sys; print("it is Python %d.%d.%d" % sys.version_info[:3])' 2>/dev/null || echo "it does not run"; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || fail "Promptune needs Python 3.11 or newer, and PYTHON=$PYTHON will not do: $(version "$PYTHON")."
        echo "$PYTHON"
        return
    fi
    for name in python3.13 python3.12 python3.11 python3; do
        # A version manager's stand-in for a Python that is not installed fails here, and the next name is tried.
        if new_enough "$name"; then
            echo "$name"
            return
        fi
    done
    fail "Promptune needs Python 3.11 or newer (python3: $(version python3)). Install one, or name it: make run PYTHON=/path/to/python3.11"
}

make_venv() {
    base=$(find_python) || exit 1
    rm -rf "$venv"
    said=$("$base" -m venv "$venv" 2>&1) && return
    rm -rf "$venv"
    case $said in
    *ensurepip* | *"No module named venv"*) fail "$base has no venv module. Install it (Debian and Ubuntu: apt-get install python3-venv), then run make again." ;;
    *) fail "$base could not make $venv: $(printf '%s\n' "$said" | tail -n 1)" ;;
    esac
}

pip_failed() { # why, told from the last words of its log
    last=$(sed -n 's/^ERROR: //p' "$log" | tail -n 1)
    if grep -qE 'No space left on device' "$log"; then
        fail "The disk is full: pip could not install $1. Free some space, then run make again. Log: $log"
    elif grep -qE 'NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|Network is unreachable|Temporary failure in name' "$log"; then
        fail "No package index could be reached to install $1. Check the network or pip's index settings, then run make again. Log: $log"
    fi
    fail "pip could not install $1: ${last:-no reason given}. Log: $log"
}

key() { # the content of the files that decide a set, and where .venv lies: an editable install remembers the folder
    cat "$1" constraints.txt pyproject.toml |
        "$python" -c 'import hashlib, os, sys; print(hashlib.sha256(sys.stdin.buffer.read() + os.getcwd().encode()).hexdigest())'
}

install() { # a set's name, its requirements file, what else pip is told
    name=$1 file=$2
    shift 2
    stamp=$venv/.installed-$name
    wanted=$(key "$file")
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    echo "Installing $file into $venv (the first time takes minutes) …" >&2
    # On a terminal pip shows its progress; elsewhere it is quiet. Its complaints go to the log, and from there into one line.
    quiet=-q
    [ -t 1 ] && quiet=
    "$python" -m pip install $quiet --disable-pip-version-check --no-input $constraints -r "$file" "$@" 2>"$log" || pip_failed "$file"
    echo "$wanted" >"$stamp"
}

constraints='-c constraints.txt'
if [ "$1" = --unlocked ]; then # `make lock`: constraints.txt is what is being made
    constraints=
    rm -f "$venv"/.installed-*
    shift
fi

# A .venv whose Python has gone or is too old, or that was left half made, is made anew.
{ new_enough "$python" && "$python" -c 'import pip' 2>/dev/null; } || make_venv

for set; do
    case $set in
    run) install run requirements.txt -e . ;;
    *) install "$set" "requirements-$set.txt" ;;
    esac
done
