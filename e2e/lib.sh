# Shared by e2e's scripts (sourced by bash): where things are, and how the real clients, peers and images are made.
# What takes long to make is kept in a cache directory under a name that says what it was made from.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
cache=${CREMA_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/crema-e2e}
JAVA_HOME=$("$top/.mvn/find-jdk")
export JAVA_HOME

say() { printf '%s\n' "e2e: $*" >&2; }
die() {
  say "$*"
  exit 1
}
need_root() { [ "$(id -u)" = 0 ] || die "$1 must run as root: it makes namespaces, mounts and cgroups (sudo $1)"; }

# install_missing PROGRAM=PACKAGE...: installs the packages of programs that are missing, without starting a service.
install_missing() {
  local pair missing=()
  for pair in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin type -P "${pair%%=*}" > /dev/null || missing+=("${pair#*=}")
  done
  [ -e /usr/include/seccomp.h ] || missing+=(libseccomp-dev)
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  # A package's service must not start: policy-rc.d tells its scripts so (Debian policy 9.3.3).
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    ours=yes
  fi
  local status=0
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    > "$cache/apt.log" 2>&1 || status=$?
  [ -z "$ours" ] || rm -f "$policy"
  [ $status = 0 ] || { cat "$cache/apt.log" >&2; die "apt-get could not install ${missing[*]}"; }
}

key() { sha256sum | cut -c1-16; }

# make_once DIRECTORY COMMAND...: runs COMMAND with a new directory as its last argument, which becomes DIRECTORY only
# when the command succeeds.
make_once() {
  local dir=$1
  shift
  [ ! -d "$dir" ] || return 0
  mkdir -p "$(dirname "$dir")"
  local part
  part=$(mktemp -d "$dir.XXXXXX")
  if ! "$@" "$part"; then
    rm -rf "$part"
    die "could not make $dir ($*)"
  fi
  mv -T "$part" "$dir" 2> /dev/null || rm -rf "$part" # another run was first
}

# busybox_deb: sets $deb, the file of Debian's package busybox.
busybox_deb() {
  mkdir -p "$cache"
  deb=$(compgen -G "$cache/busybox_*.deb" | head -1) || {
    (cd "$cache" && apt-get download -qq busybox 2> "$cache/apt.log") || { cat "$cache/apt.log" >&2; die "apt-get could not download the package busybox"; }
    deb=$(compgen -G "$cache/busybox_*.deb" | head -1)
  }
}

# images: sets $registry, the directory that the node's registry serves.
images() {
  busybox_deb
  local k
  k=$({ cat "$here/images/build" "$here/images/busybox" "$here"/src/main/java/io/crema/e2e/registry/*.java; sha256sum < "$deb"
    dpkg-query -W libc6 util-linux gcc nginx-light 2> /dev/null || true; } | key)
  registry=$cache/images-$k
  [ -d "$registry" ] || say "making the images"
  make_once "$registry" make_images "$deb"
  digest=$(sed -n 's/.*test-image-digest:latest //p' "$registry/digests")
}
make_images() { BUSYBOX_DEB=$1 "$here/images/build" "$2" > "$2.list" && mv "$2.list" "$2/digests"; }

# clients: sets $clients, the directory of crictl and critest. Needs images first: critest is told the digest of one.
clients() {
  local k
  k=$({ cat "$here"/go/critools/*; echo "$digest"; go version; } | key)
  clients=$cache/clients-$k
  [ -d "$clients" ] || say "building crictl and critest"
  make_once "$clients" make_clients
}
make_clients() {
  local out=$1 src
  src=$out/src
  # Go refuses overlays inside its module cache, so critest is built from a copy; nothing but the digest of the one
  # image that it pins, and which can't be had without its registry, is changed.
  cd "$here/go/critools" || return
  go build -o "$out/crictl" sigs.k8s.io/cri-tools/cmd/crictl || return
  cp -r "$(go list -m -f '{{.Dir}}' sigs.k8s.io/cri-tools)" "$src" && chmod -R u+w "$src" || return
  sed -i "s#test-image-digest@sha256:[0-9a-f]*#test-image-digest@$digest#" "$src/pkg/validate/consts.go" || return
  (cd "$src" && CGO_ENABLED=0 go test -c -o "$out/critest" ./cmd/critest) || return
  rm -rf "$src"
}

# peers: sets $peers, the directory of containerd, runc and the CNI plugins.
peers() {
  peers=$cache/peers-$({ cat "$here"/go/containerd/*; go version; } | key)
  [ -d "$peers" ] || say "building containerd, runc and CNI plugins"
  make_once "$peers" make_peers
}
make_peers() {
  local p=github.com/containernetworking/plugins/plugins
  mkdir -p "$1/cni" && cd "$here/go/containerd" || return
  go build -o "$1/" github.com/containerd/containerd/v2/cmd/{containerd,containerd-shim-runc-v2} || return
  CGO_ENABLED=1 go build -tags seccomp -o "$1/runc" github.com/opencontainers/runc || return
  go build -o "$1/cni/" $p/main/bridge $p/main/loopback $p/ipam/host-local $p/meta/portmap
}

# cni_plugins: sets $cni_plugins, the directory of the CNI project's plugins and cnitool.
cni_plugins() {
  cni_plugins=$cache/cni-$({ cat "$here"/go/containerd/*; go version; } | key)
  make_once "$cni_plugins" make_cni_plugins
}
make_cni_plugins() {
  local p=github.com/containernetworking/plugins/plugins
  cd "$here/go/containerd" || return
  go build -o "$1/" $p/main/bridge $p/ipam/host-local $p/meta/{portmap,bandwidth,tuning} github.com/containernetworking/cni/cnitool
}

# cribench: sets $cribench, the directory of the benchmark.
cribench() {
  cribench=$cache/cribench-$({ cat "$here"/bench/cribench/*; go version; } | key)
  make_once "$cribench" make_cribench
}
make_cribench() { cd "$here/bench/cribench" && go build -o "$1/cribench" .; }
