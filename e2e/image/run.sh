#!/usr/bin/env bash
# Builds serving/Dockerfile without Docker (buildah, chroot isolation), runs the image's file system as its user, and asks it.
set -uo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=../lib.sh
source e2e/lib.sh
for tool in buildah debootstrap; do
  install_debian "$tool" "$tool" || skip "needs $tool, get it by: apt-get install $tool"
done
[ "$(id -u)" = 0 ] || skip "needs root for chroot, get it by: running as root"

export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
cache="$cache/image"
mkdir -p "$cache"
work=$(mktemp -d)
store=(--root "$work/storage" --runroot "$work/run")
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null
  for mounted in "${root:-}" "${traced:-}"; do [ -z "$mounted" ] || umount "$mounted/proc" 2>/dev/null; done
  buildah "${store[@]}" umount --all >/dev/null 2>&1
  rm -rf "$work"
}
trap cleanup EXIT
passed=0 failed=0
check() { # NAME CONDITION-EXIT-CODE
  if [ "$2" = 0 ]; then passed=$((passed + 1)); echo "ok      $1"; else failed=$((failed + 1)); echo "FAILED  $1"; fi
}
finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
  exit
}

# The two images that the Dockerfile takes as arguments, made from this system's own packages.
if [ ! -e "$cache/base.tar" ]; then
  mirror=$(sed -nE 's/^(URIs:|deb) *(\[[^]]*\] *)?(https?:[^ ]+).*/\3/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -1)
  debootstrap --variant=minbase --include=libstdc++6,ca-certificates bookworm "$work/root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
    { tail -5 "$work/debootstrap.log"; check 'a base image from Debian packages' 1; finish; }
  tar -C "$work/root" -cf "$cache/base.tar.part" . && mv "$cache/base.tar.part" "$cache/base.tar"
  rm -rf "$work/root"
fi
base=$(buildah "${store[@]}" from scratch)
buildah "${store[@]}" add -q "$base" "$cache/base.tar" / >/dev/null
buildah "${store[@]}" config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$base"
buildah "${store[@]}" commit -q "$base" localhost/base >/dev/null
mkdir -p "$work/node/usr/local/bin" "$work/node/usr/local/lib/node_modules" "$work/node/root" "$work/node/etc/ssl/certs"
cp "$(readlink -f "$(command -v node)")" "$work/node/usr/local/bin/node"
cp -r "$(npm root --global)/npm" "$work/node/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/node/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$work/node/usr/local/bin/npx"
cp /etc/ssl/certs/ca-certificates.crt "$work/node/etc/ssl/certs/" 2>/dev/null
echo 'cafile=/etc/ssl/certs/ca-certificates.crt' >"$work/node/root/.npmrc"
buildah "${store[@]}" copy -q "$base" "$work/node" / >/dev/null
buildah "${store[@]}" commit -q "$base" localhost/node >/dev/null

build() { # TAG OPTION...
  local tag=$1
  shift
  buildah "${store[@]}" build --layers --file serving/Dockerfile --build-arg BUILD_IMAGE=localhost/node \
    --build-arg BASE_IMAGE=localhost/base "$@" --format docker --tag "$tag" . >"$work/build.log" 2>&1
}
build localhost/modelyard-serving
built=$?
check 'the Dockerfile builds, npm ci inside' "$built"
[ "$built" = 0 ] || { tail -20 "$work/build.log"; finish; }

container=$(buildah "${store[@]}" from localhost/modelyard-serving)
root=$(buildah "${store[@]}" mount "$container")
inspect() { buildah "${store[@]}" inspect --type image --format "$1" localhost/modelyard-serving; }
[ "$(inspect '{{.Docker.Config.User}}')" = 65532:65532 ]; check 'it runs as a user that is not root' $?
[ -n "$(inspect '{{.Docker.Config.Healthcheck}}')" ]; check 'it has a health check' $?
! find "$root/usr/local" "$root/usr/lib" -name 'npm*' -maxdepth 4 2>/dev/null | grep -q .; check 'there is no npm in it' $?
size=$(du -sm "$root/app/node_modules" | cut -f1)
echo "        dependencies: $size MB"
[ "$size" -le 85 ]; check 'its dependencies are at most 85 MB' $?
[ ! -e "$root/app/opentelemetry" ]; check 'it is without the OpenTelemetry layer' $?

# The configuration of a pod, with the artifacts in its cache, as `modelyard serve` lays them out.
node -C modelyard-source --import tsx e2e/image/pod.ts "$work/pod" >/dev/null || { check 'a pod configuration' 1; finish; }
lay_out() { # ROOT
  mkdir -p "$1/etc/modelyard/boot" "$1/etc/modelyard/routing"
  cp "$work/pod/boot/"* "$1/etc/modelyard/boot/"
  cp "$work/pod/routing/"* "$1/etc/modelyard/routing/"
  cp -r "$work/pod/cache/." "$1/var/cache/modelyard/"
  chown -R 65532:65532 "$1/var/cache/modelyard"
  sed -i "s/\"port\": *8080/\"port\": $port/" "$1/etc/modelyard/boot/boot.json"
  mount -t proc proc "$1/proc" 2>/dev/null
}
port=18080
start() { # ROOT COMMAND: the image's entry point, as its user
  chroot --userspec=65532:65532 "$1" /bin/sh -c "cd /app && NODE_ENV=production exec $2 --host 127.0.0.1" >"$work/server.log" 2>&1 &
  server=$!
  for _ in $(seq 300); do curl -sf "http://127.0.0.1:$port/readyz" >/dev/null && break; sleep 0.1; done
}
predict() {
  curl -s "http://127.0.0.1:$port/models/diabetes-progression/predict" -H 'content-type: application/json' \
    -d '{"age":59,"sex":"male","bmi":32.1,"bp":101,"s1":157,"s2":93.2,"s3":38,"s4":4,"s5":4.8598,"s6":87}'
}
lay_out "$root"
start "$root" 'node lib/main.js'
answer=$(predict)
echo "        $answer"
echo "$answer" | grep -q '"progression":[0-9]'; check 'it answers a prediction' $?
chroot --userspec=65532:65532 "$root" /bin/sh -c "cd /app && node lib/check-health.js"
check 'its health check passes' $?
node -C modelyard-source --import tsx e2e/image/normalizer.ts "$root/var/cache/modelyard/normalizer.onnx"
chroot --userspec=65532:65532 "$root" /bin/sh -c "cd /app && node --input-type=module -" <<'CODE' | grep -qx 'été'
import { InferenceSession, Tensor } from 'onnxruntime-node'
const session = await InferenceSession.create('/var/cache/modelyard/normalizer.onnx')
const { y } = await session.run({ x: new Tensor('string', ['ÉTÉ'], [1]) })
console.log(y.data[0])
CODE
check 'it has the locale that text models need' $?
kill -TERM "$server"; wait "$server"; check 'SIGTERM ends it with 0' $?
server=

# The layer, which has its own entry point.
build localhost/modelyard-serving-opentelemetry --target with-opentelemetry
built=$?
check 'the Dockerfile builds with the OpenTelemetry layer' "$built"
[ "$built" = 0 ] || { tail -20 "$work/build.log"; finish; }
container=$(buildah "${store[@]}" from localhost/modelyard-serving-opentelemetry)
traced=$(buildah "${store[@]}" mount "$container")
echo "        the layer: $(du -sm "$traced/app/opentelemetry" | cut -f1) MB"
entry=$(buildah "${store[@]}" inspect --type image --format '{{.Docker.Config.Entrypoint}}' localhost/modelyard-serving-opentelemetry | tr -d '[]')
[ "$(buildah "${store[@]}" inspect --type image --format '{{.Docker.Config.User}}' localhost/modelyard-serving-opentelemetry)" = 65532:65532 ]
check 'it runs as the same user' $?
lay_out "$traced"
start "$traced" "env OTEL_TRACES_EXPORTER=console $entry"
predict | grep -q '"progression":[0-9]'; check 'with the layer it answers a prediction' $?
kill -TERM "$server"; wait "$server"; check 'SIGTERM ends it with 0, with the layer' $?
server=
grep -q "name: 'POST /models/:model/predict'" "$work/server.log"; check 'the span of the request was recorded' $?
finish
