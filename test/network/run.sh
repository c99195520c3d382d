#!/usr/bin/env bash
# Lays three machines out on one, as network namespaces, and runs the tests of this folder on the first of them:
#   cloud   the service, its relay, and the test itself          10.231.2.2 towards the DMZ
#   dmz     the gateway; out: the cloud's port 443 and the one address of the application; in: nothing
#   inner   the on-prem application at 10.231.3.2:8080, and another program at port 8081
# Needs root (CAP_NET_ADMIN, CAP_SYS_ADMIN), iproute2, nftables and squid. Without them it fails.
set -eu
cd "$(dirname "$0")/../.."

for program in ip nft squid openssl; do
  command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || {
    echo "$program is missing: apt-get install iproute2 nftables squid openssl" >&2
    exit 1
  }
done
PATH=$PATH:/usr/sbin
[ "$(id -u)" = 0 ] || { echo 'Network namespaces need root.' >&2; exit 1; }

cloud=drawbridge-cloud dmz=drawbridge-dmz inner=drawbridge-inner

clear_away() {
  for name in $cloud $dmz $inner; do
    ip netns pids "$name" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
    ip netns del "$name" 2>/dev/null || true
    rm -rf "/etc/netns/$name"
  done
}
clear_away
trap clear_away EXIT

for name in $cloud $dmz $inner; do
  ip netns add "$name"
  ip -n "$name" link set lo up
  mkdir -p "/etc/netns/$name"
done

# pair NAMESPACE DEVICE ADDRESS NAMESPACE DEVICE ADDRESS
pair() {
  ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
  ip -n "$1" address add "$3/24" dev "$2"
  ip -n "$1" link set "$2" up
  ip -n "$4" address add "$6/24" dev "$5"
  ip -n "$4" link set "$5" up
}
pair $cloud to-dmz 10.231.2.2 $dmz to-cloud 10.231.2.1
pair $dmz to-inner 10.231.3.1 $inner to-dmz 10.231.3.2

printf '127.0.0.1 localhost relay.bridge.test bridge.test\n' >"/etc/netns/$cloud/hosts"
printf '127.0.0.1 localhost\n10.231.2.2 relay.bridge.test bridge.test\n' >"/etc/netns/$dmz/hosts"

ip netns exec $dmz nft -f - <<'RULES'
table inet dmz {
  chain output {
    type filter hook output priority 0; policy drop;
    oif lo accept
    ct state established,related accept
    ip daddr 10.231.2.2 tcp dport 443 accept
    ip daddr 10.231.3.2 tcp dport 8080 accept
  }
  chain input {
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
  }
}
RULES

ip netns exec $cloud npx jest --selectProjects network --runInBand "$@"
