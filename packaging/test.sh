#!/usr/bin/env bash
# Installs a package into a fresh, minimal Debian tree, uses what it brought, runs its service there as the unit does, and
# removes it again. Needs root, mmdebstrap or debootstrap, and ip and unshare for the service; says SKIPPED and what is missing
# where it cannot (FLOWCHECK_DEB=required: fails then). FLOWCHECK_TREE names a tarball of such a tree, which is taken instead.
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
has() { command -v "$1" >/dev/null; }

# The unit, by the systemd of this machine.
unit=packaging/flowcheck@.service
if has systemd-analyze; then
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
    echo 'unit: not verified by systemd, there is no systemd-analyze (package systemd)' >&2
fi

[ "$(id -u)" -eq 0 ] || skip 'only root can make a tree to install into'
for tool in ip unshare; do
    has "$tool" || skip "there is no $tool (packages iproute2, util-linux)"
done
suite=$(. /etc/os-release 2>/dev/null; echo "${VERSION_CODENAME:-}")
[ -n "$suite" ] || skip 'the name of the Debian release of this machine is not known'
tree=$(mktemp -d)
service=
cleanup() {
    if [ -n "$service" ]; then kill "$service" 2>/dev/null || true; fi
    if mountpoint -q "$tree/proc"; then umount "$tree/proc"; fi
    rm -rf --one-file-system "$tree" "$tree.log"
}
trap cleanup EXIT
# `mktemp` makes folders private; the root of a system is everybody's.
chmod 755 "$tree"
if [ -n "${FLOWCHECK_TREE:-}" ]; then
    tar -xf "$FLOWCHECK_TREE" -C "$tree"
elif has mmdebstrap; then
    mmdebstrap --quiet --variant=minbase "$suite" "$tree" >"$tree.log" 2>&1 || made=no
elif has debootstrap; then
    debootstrap --variant=minbase "$suite" "$tree" >"$tree.log" 2>&1 || made=no
else
    skip 'neither mmdebstrap nor debootstrap is installed (either package makes the tree)'
fi
if [ "${made:-yes}" = no ]; then
    tail -5 "$tree.log" >&2
    skip 'no tree could be made: its maker says why, above'
fi
# What apt is told on this machine: a proxy, its certificates, whether dates count.
for file in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf.d/99*; do
    if [ -e "$file" ]; then cp "$file" "$tree/etc/apt/apt.conf.d/"; fi
done
cp /etc/resolv.conf "$tree/etc/resolv.conf" 2>/dev/null || true
mount -t proc proc "$tree/proc" 2>/dev/null || true

in_tree() { chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }
cp "$package" "$tree/tmp/flowcheck.deb"
cp captures/keepalive.pcap captures/churn.pcap "$tree/tmp/"
in_tree apt-get update -qq >"$tree/tmp/log" 2>&1 || { cat "$tree/tmp/log" >&2; fail 'the tree cannot list packages'; }
in_tree apt-get install -y -qq --no-install-recommends /tmp/flowcheck.deb >"$tree/tmp/log" 2>&1 || { cat "$tree/tmp/log" >&2; fail 'it cannot be installed'; }
echo "package: installed into a fresh tree of Debian $suite"

# The program.
in_tree flowcheck --version
in_tree flowcheck read /tmp/keepalive.pcap --quiet --expect pass >/dev/null || fail 'a capture that passes does not'
# (grep reads to the end, so that nobody writes into a closed pipe.)
in_tree flowcheck read /tmp/churn.pcap --quiet --lang zh | grep '^不通过' >/dev/null || fail 'the report in Chinese does not begin with its verdict'
rows=$(in_tree flowcheck read /tmp/churn.pcap --quiet --format csv | wc -l)
[ "$rows" -gt 2 ] || fail "connections as CSV have $rows lines"
code=0
in_tree flowcheck live -i no-such-interface --no-tui >/dev/null 2>"$tree/tmp/said" || code=$?
[ "$code" -eq 2 ] && grep -q 'no-such-interface' "$tree/tmp/said" || fail "live: exit code $code: $(cat "$tree/tmp/said")"

# Completions: what bash offers for a word that has begun.
offered=$(in_tree bash -c '. /usr/share/bash-completion/completions/flowcheck; complete -p flowcheck >/dev/null || exit 1
    COMP_WORDS=(flowcheck exp) COMP_CWORD=1; _flowcheck flowcheck exp flowcheck; echo "${COMPREPLY[*]}"') || fail 'bash does not take the completions'
[ "$offered" = explain ] || fail "bash offers '$offered' for 'flowcheck exp'"
for file in usr/lib/systemd/system/flowcheck@.service usr/share/zsh/vendor-completions/_flowcheck usr/share/fish/vendor_completions.d/flowcheck.fish; do
    in_tree dpkg -S "/$file" >/dev/null || fail "/$file is not of the package"
    [ -s "$tree/$file" ] || fail "/$file is empty"
done
# A manual page for the program and each command that its help lists.
for command in '' $(in_tree flowcheck --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/-\1/p' | grep -v '^-help$'); do
    page=usr/share/man/man1/flowcheck$command.1.gz
    in_tree dpkg -S "/$page" >/dev/null || fail "there is no manual page flowcheck$command(1)"
    zcat "$tree/$page" | grep -i '^\.TH "\?flowcheck' >/dev/null || fail "flowcheck$command(1) has no head"
done

# The service, with what of the unit needs no systemd: its command line and environment, a user of no name, the one
# capability, no new privileges, nothing to be written to, and a network of its own.
setting() { sed -n "s/^$1=//p" "$unit"; }
capability=$(setting AmbientCapabilities)
[ "$capability" = CAP_NET_RAW ] && [ "$(setting CapabilityBoundingSet)" = "$capability" ] && [ "$(setting NoNewPrivileges)" = yes ] ||
    fail "the unit's privileges are not those that are tested"
METRICS= FLOWCHECK_OPTIONS= FILTER=
for assignment in $(setting Environment); do declare "$assignment"; done
line=$(setting ExecStart | sed "s|%i|lo|; s|\${METRICS}|$METRICS|; s|\$FLOWCHECK_OPTIONS|$FLOWCHECK_OPTIONS|; s|\$FILTER|$FILTER|")
case $line in *[\$%]*) fail "the unit's command has more in it than is filled in here: $line" ;; esac
for option in $(grep -o -- ' --[a-z-][a-z-]*' <<<"$line"); do
    in_tree flowcheck live --help | grep -- "$option" >/dev/null || fail "the unit's $option is no option of flowcheck live"
done
umount "$tree/proc" 2>/dev/null || true
: >"$tree/tmp/report" >"$tree/tmp/complaints"
# shellcheck disable=SC2016
unshare --net --mount --pid --fork --kill-child --propagation private bash -euc '
    ip link set lo up
    mount --bind "$1" "$1"
    mount -t proc proc "$1/proc"
    mount -o remount,bind,ro "$1"
    exec chroot "$1" env -i PATH=/usr/bin:/bin bash -c "exec </dev/null; cd /
        setpriv --reuid 61184 --regid 61184 --clear-groups --inh-caps -all,+net_raw --ambient-caps -all,+net_raw \
            --bounding-set -all,+net_raw --no-new-privs $2 &
        service=\$!
        ask() { exec 3<>/dev/tcp/${3%:*}/${3##*:} && printf \"GET /metrics HTTP/1.1\\r\\nHost: here\\r\\nConnection: close\\r\\n\\r\\n\" >&3 && cat <&3; }
        for _ in {1..100}; do ask >/dev/null 2>&1 && break; sleep 0.1; done
        # The one before is in the figures of this one, which are made once a second at most.
        sleep 1.2; ask >/dev/null; sleep 1.2
        echo metrics; ask
        echo status; cat /proc/\$service/status
        kill -TERM \$service; code=0; wait \$service || code=\$?
        echo; echo ended \$code"
' - "$tree" "$line" "$METRICS" >"$tree/tmp/report" 2>"$tree/tmp/complaints" &
service=$!
for _ in {1..300}; do kill -0 "$service" 2>/dev/null || break; sleep 0.1; done
if kill -0 "$service" 2>/dev/null; then fail "the service has not ended after 30 s: $(tail -5 "$tree/tmp/complaints")"; fi
wait "$service" || fail "the service could not be run: $(tail -5 "$tree/tmp/complaints")"
service=
told() { grep -q -- "$1" "$tree/tmp/report" || { tail -n 40 "$tree/tmp/report" "$tree/tmp/complaints" >&2; fail "the service: $2"; }; }
told '^ended 0$' 'it did not end as asked'
told '^HTTP/1.1 200' 'metrics were not answered'
told '^# EOF' 'the metrics are not whole'
told "flowcheck_requests_total{.*server=\"$METRICS\"" 'it has not seen the requests for its own metrics'
told '^Uid:	61184	61184	61184	61184' 'it ran as another user'
for set in Inh Prm Eff Amb; do told "^Cap$set:	0000000000000000" "it kept capabilities (Cap$set)"; done
told '^NoNewPrivs:	1' 'it could get new privileges'
told '^LEG' 'there was no report at its end'
echo 'package: its service ran as an unprivileged user, answered for its metrics, and reported at its end'
mount -t proc proc "$tree/proc" 2>/dev/null || true

altered=$(in_tree dpkg --verify flowcheck)
[ -z "$altered" ] || fail "files are not as packed: $altered"
in_tree dpkg --purge flowcheck >/dev/null 2>&1 || fail 'it cannot be removed'
left=$(in_tree find / -xdev -name '*flowcheck*' -not -path '/proc/*' -not -path '/tmp/*' -not -path '/var/log/*')
[ -z "$left" ] || fail "left behind: $left"
echo "package: installed, used and removed in a fresh tree of Debian $suite"
