#!/usr/bin/env bash
# Proves that a bare Debian with python3, python3-venv, git and make is enough: clones HEAD into a new chroot and
# runs there `make demo` and `make test`, each as the only command of a fresh clone, with empty caches.
# Needs root and debootstrap; takes the mirror that this machine's apt takes. Usage:
#     tests/house/bare_machine.sh FOLDER [COMMAND...]     without commands: "make demo" "make test" ".ci/run"
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:?a folder for the chroot}
shift
[ $# -gt 0 ] || set -- "make demo" "make test" "bash .ci/run"
suite=${SUITE:-bookworm}
bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}

mirror() {
    grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1
}

if [ ! -e "$folder/base/usr/bin/git" ]; then
    mkdir -p "$folder"
    debootstrap --variant=minbase --include=ca-certificates,git,make,python3,python3-venv \
        "$suite" "$folder/base" "$(mirror | tr -d ' ')" >"$folder/debootstrap.log"
fi

root=$folder/root
leave() { for place in proc dev; do mountpoint -q "$root/$place" && umount -l "$root/$place"; done; }
trap leave EXIT

for command in "$@"; do
    leave || true
    rm -rf "$root"
    cp -a "$folder/base" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    cp "$bundle" "$root/tmp/bundle.crt"
    git clone --quiet "$repository" "$root/srv/flowmaster"
    [ -d "${FLOWMASTER_SHARED:-$repository/../shared}" ] && cp -a "${FLOWMASTER_SHARED:-$repository/../shared}" "$root/srv/shared"
    from=$SECONDS
    chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        PIP_CERT=/tmp/bundle.crt SSL_CERT_FILE=/tmp/bundle.crt PIP_DEFAULT_TIMEOUT=180 CI="${CI:-}" \
        sh -c "cd /srv/flowmaster && $command" </dev/null
    echo "== '$command' on a bare $suite: $((SECONDS - from)) s"
done
