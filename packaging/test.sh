#!/usr/bin/env bash
# Installs a package into a fresh, minimal Debian tree, uses what it brought, and removes it again. Needs root and
# mmdebstrap or debootstrap; says SKIPPED where they are missing (FLOWCHECK_DEB=required: fails then). FLOWCHECK_TREE names a
# tarball of such a tree, which is taken instead.
#   packaging/test.sh PACKAGE
set -euo pipefail
[ $# -eq 1 ] || { sed -n 's/^# //p' "$0" | tail -1 >&2; exit 2; }
package=$(realpath "$1")
cd "$(dirname "$0")/.."

skip() {
    echo "package: SKIPPED, $1" >&2
    [ "${FLOWCHECK_DEB:-}" != required ] || exit 1
    exit 0
}
fail() { echo "package: FAILED: $1" >&2; exit 1; }

# The unit, by the systemd of this machine.
unit=packaging/flowcheck@.service
if command -v systemd-analyze >/dev/null; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    # As it is but for the program, which need not be installed here.
    sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|; /^Documentation=/d' "$unit" >"$folder/flowcheck@lo.service"
    said=$(systemd-analyze verify --man=no "$folder/flowcheck@lo.service" 2>&1 | grep -i flowcheck || true)
    [ -z "$said" ] || fail "systemd-analyze verify: $said"
    security=$(systemd-analyze security --offline=yes --threshold=20 "$folder/flowcheck@lo.service" 2>&1 | tail -1) ||
        fail "the unit gives too much away: $security"
    echo "unit: verified; $security"
    rm -rf "$folder"
else
    echo 'unit: SKIPPED, there is no systemd-analyze' >&2
fi

[ "$(id -u)" -eq 0 ] || skip 'only root can make a tree to install into'
suite=$(. /etc/os-release 2>/dev/null; echo "${VERSION_CODENAME:-}")
[ -n "$suite" ] || skip 'the name of the Debian release of this machine is not known'
tree=$(mktemp -d)
cleanup() {
    if mountpoint -q "$tree/proc"; then umount "$tree/proc"; fi
    rm -rf --one-file-system "$tree" "$tree.log"
}
trap cleanup EXIT
if [ -n "${FLOWCHECK_TREE:-}" ]; then
    tar -xf "$FLOWCHECK_TREE" -C "$tree"
elif command -v mmdebstrap >/dev/null; then
    mmdebstrap --quiet --variant=minbase "$suite" "$tree" >"$tree.log" 2>&1 || made=no
elif command -v debootstrap >/dev/null; then
    debootstrap --variant=minbase "$suite" "$tree" >"$tree.log" 2>&1 || made=no
else
    skip 'neither mmdebstrap nor debootstrap is installed'
fi
if [ "${made:-yes}" = no ]; then
    tail -5 "$tree.log" >&2
    skip 'no tree could be made'
fi
# What apt is told on this machine: a proxy, its certificates.
for file in /etc/apt/apt.conf.d/*proxy*; do
    if [ -e "$file" ]; then cp "$file" "$tree/etc/apt/apt.conf.d/"; fi
done
cp /etc/resolv.conf "$tree/etc/resolv.conf" 2>/dev/null || true
mount -t proc proc "$tree/proc" 2>/dev/null || true

in_tree() { chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }
cp "$package" "$tree/tmp/flowcheck.deb"
cp captures/keepalive.pcap captures/churn.pcap "$tree/tmp/"
in_tree apt-get update -qq >"$tree/tmp/log" 2>&1 || { cat "$tree/tmp/log" >&2; fail 'the tree cannot list packages'; }
in_tree apt-get install -y -qq --no-install-recommends /tmp/flowcheck.deb >"$tree/tmp/log" 2>&1 || { cat "$tree/tmp/log" >&2; fail 'it cannot be installed'; }

in_tree flowcheck --version
in_tree flowcheck read /tmp/keepalive.pcap --quiet --expect pass >/dev/null || fail 'a capture that passes does not'
rows=$(in_tree flowcheck read /tmp/churn.pcap --quiet --format csv | wc -l)
[ "$rows" -gt 2 ] || fail "connections as CSV have $rows lines"
code=0
in_tree flowcheck live -i no-such-interface --no-tui >/dev/null 2>"$tree/tmp/said" || code=$?
[ "$code" -eq 2 ] && grep -q 'no-such-interface' "$tree/tmp/said" || fail "live: exit code $code: $(cat "$tree/tmp/said")"
in_tree bash -c '. /usr/share/bash-completion/completions/flowcheck && complete -p flowcheck' >/dev/null || fail 'bash does not take the completions'
for file in usr/share/man/man1/flowcheck.1.gz usr/share/man/man1/flowcheck-live.1.gz usr/lib/systemd/system/flowcheck@.service \
    usr/share/zsh/vendor-completions/_flowcheck usr/share/fish/vendor_completions.d/flowcheck.fish; do
    in_tree dpkg -S "/$file" >/dev/null || fail "/$file is not of the package"
done
# Every option of the unit is one of the program's.
for option in $(sed -n 's/^ExecStart=//p' "$unit" | grep -o -- ' --[a-z-][a-z-]*'); do
    in_tree flowcheck live --help | grep -q -- "$option" || fail "the unit's $option is no option of flowcheck live"
done
altered=$(in_tree dpkg --verify flowcheck)
[ -z "$altered" ] || fail "files are not as packed: $altered"
in_tree dpkg --purge flowcheck >/dev/null 2>&1 || fail 'it cannot be removed'
left=$(in_tree find / -xdev -name '*flowcheck*' -not -path '/proc/*' -not -path '/tmp/*' -not -path '/var/log/*')
[ -z "$left" ] || fail "left behind: $left"
echo "package: installed, used and removed in a fresh tree of Debian $suite"
