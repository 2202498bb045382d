#!/usr/bin/env bash
# Makes a Debian package of a built flowcheck: program, manual pages, completions and a systemd unit.
#   packaging/deb.sh PROGRAM FOLDER    writes FOLDER/flowcheck_VERSION_ARCHITECTURE.deb and names it
# The same program makes the same package, to the byte.
set -euo pipefail
[ $# -eq 2 ] || { sed -n 's/^# //p' "$0" | head -3 >&2; exit 2; }
program=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "$0")/.."

field() { sed -n "s/^$1 = \"\(.*\)\"$/\1/p" Cargo.toml | head -1; }
version=$(field version)
architecture=$(dpkg --print-architecture)
package=$folder/flowcheck_${version}_$architecture.deb
# Times inside: of the latest change.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.toml)}
export SOURCE_DATE_EPOCH
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
put() { install -D -m "$1" "$2" "$tree/$3"; }

put 755 "$program" usr/bin/flowcheck
strip --strip-unneeded "$tree/usr/bin/flowcheck"
put 644 packaging/flowcheck@.service usr/lib/systemd/system/flowcheck@.service

mkdir -p "$tree/usr/share/man/man1" "$work/shells"
"$program" man "$tree/usr/share/man/man1"
for shell in bash zsh fish; do "$program" completions "$shell" >"$work/shells/$shell"; done
put 644 "$work/shells/bash" usr/share/bash-completion/completions/flowcheck
put 644 "$work/shells/zsh" usr/share/zsh/vendor-completions/_flowcheck
put 644 "$work/shells/fish" usr/share/fish/vendor_completions.d/flowcheck.fish

doc=usr/share/doc/flowcheck
put 644 README.md $doc/README.md
put 644 README.zh-CN.md $doc/README.zh-CN.md
put 644 docs/feeds.md $doc/feeds.md
put 644 docs/causes.md $doc/causes.md
put 644 CHANGELOG.md $doc/changelog
{
    echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
    echo
    echo 'Files: *'
    echo 'Copyright: the authors of flowcheck'
    echo 'License: MIT or Apache-2.0'
    echo
    echo 'License: MIT'
    sed 's/^$/./; s/^/ /' LICENSE-MIT
    echo
    echo 'License: Apache-2.0'
    echo ' On Debian systems the whole text is in /usr/share/common-licenses/Apache-2.0.'
} >"$work/copyright"
put 644 "$work/copyright" $doc/copyright
gzip -9n "$tree"/usr/share/man/man1/*.1 "$tree/$doc/changelog"

# The libraries of the program, in the versions that it needs at least.
depends=
if command -v dpkg-shlibdeps >/dev/null; then
    mkdir -p "$work/debian"
    printf 'Source: flowcheck\n\nPackage: flowcheck\nArchitecture: any\n' >"$work/debian/control"
    depends=$(cd "$work" && dpkg-shlibdeps -O "$tree/usr/bin/flowcheck" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
fi
if [ -z "$depends" ]; then
    depends='libc6'
    if ldd "$program" | grep -q libpcap; then depends+=', libpcap0.8t64 | libpcap0.8'; fi
    echo "dpkg-shlibdeps cannot say which libraries are needed; assumed: $depends" >&2
fi

mkdir -p "$tree/DEBIAN"
cat >"$tree/DEBIAN/control" <<EOF
Package: flowcheck
Version: $version
Architecture: $architecture
Maintainer: flowcheck developers <noreply@flowcheck.invalid>
Section: net
Priority: optional
Installed-Size: $(du -sk --apparent-size "$tree" | cut -f1)
Depends: $depends
Description: verify HTTP keepalive from packets
 flowcheck reads packet captures, or captures itself, and says of every leg
 between an HTTP client and a server whether connections are reused, how many
 TCP handshakes a pool would have avoided, who closes connections, and why.
EOF
(cd "$tree" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
# systemd learns of the unit, where it runs; nothing is started.
for script in postinst postrm; do
    cat >"$tree/DEBIAN/$script" <<'EOF'
#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
EOF
    chmod 755 "$tree/DEBIAN/$script"
done
cat >"$tree/DEBIAN/prerm" <<'EOF'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then systemctl stop 'flowcheck@*.service' || true; fi
EOF
chmod 755 "$tree/DEBIAN/prerm"

dpkg-deb --root-owner-group -Zxz --build "$tree" "$package" >/dev/null
echo "$package"
