#!/bin/sh
# Compiles crema-keeper into OUTDIR with the system's C compiler: sh build.sh OUTDIR. Does nothing when it is newer
# than its sources. CC and CFLAGS may be set; KEEPER_ANALYZE=0 leaves the analyzer out.
set -eu
out=${1:?usage: build.sh OUTDIR}
here=$(cd "$(dirname "$0")" && pwd)
cc=${CC:-cc}
program=$out/crema-keeper

command -v "$cc" >/dev/null || {
  echo "crema-keeper: no C compiler ($cc): install gcc and libc6-dev (Debian, Ubuntu) or gcc and glibc-static (Fedora)" >&2
  exit 1
}
mkdir -p "$out"
if [ -x "$program" ] && [ -z "$(find "$here" -newer "$program" \( -name '*.[ch]' -o -name build.sh \) -print)" ]; then
  exit 0
fi

printf 'int main(void) { return 0; }\n' > "$out/probe.$$.c"
trap 'rm -f "$out"/probe.$$* "$program.$$"' EXIT
"$cc" -static -o "$out/probe.$$" "$out/probe.$$.c" 2>/dev/null || {
  echo "crema-keeper: $cc can't link a static program: install libc6-dev (Debian, Ubuntu) or glibc-static (Fedora)" >&2
  exit 1
}

flags="-std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror -fno-plt
  -fno-asynchronous-unwind-tables -ffunction-sections -Wl,--gc-sections -Wl,-z,noexecstack -Wl,-z,relro -s"
if [ "${KEEPER_ANALYZE:-1}" = 1 ] && "$cc" -fanalyzer -c -o "$out/probe.$$.o" "$out/probe.$$.c" 2>/dev/null; then
  flags="$flags -fanalyzer"
fi
# shellcheck disable=SC2086
"$cc" $flags ${CFLAGS:-} -static -o "$program.$$" \
  "$here/nursery.c" "$here/keeper.c" "$here/requests.c" "$here/streams.c" "$here/log.c" "$here/child.c" \
  "$here/message.c" "$here/title.c"
mv -f "$program.$$" "$program"
