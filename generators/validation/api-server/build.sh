#!/usr/bin/env bash
# Builds api-server.wasm.br, the API server's own validation as WebAssembly, from the modules that go/go.mod and go/go.sum pin,
# and provenance.json and LICENSES.txt beside it. Needs Go 1.26 and the Go module proxy, which nothing else here does; some
# minutes on two cores. The same sources give the same bytes: with --check nothing is written, and the digest is compared.
#
#     bash generators/validation/api-server/build.sh [--check]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/go/* "$work/"
cd "$work"
export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOWORK=off
go mod vendor

# What the registry's strategies drag in and validation never runs: storage in etcd, clients, informers, controllers. Without it the
# file is half as large.
v=vendor/k8s.io
rm "$v"/apiextensions-apiserver/pkg/registry/customresource/{etcd,status_strategy}.go
rm "$v"/apiextensions-apiserver/pkg/registry/customresourcedefinition/etcd.go
rm "$v"/apiserver/pkg/registry/generic/{options,storage_decorator}.go
rm "$v"/kubernetes/pkg/registry/core/service/proxy.go
rm "$v"/apiserver/pkg/admission/plugin/policy/mutating/patch/typeconverter.go
(cd "$v/apiserver/pkg/admission/plugin/policy/validating" &&
  rm -r accessor.go dispatcher.go errors.go initializer.go plugin.go typechecking.go validator.go metrics)
(cd "$v/apiserver/pkg/util/webhook" && rm authentication.go client.go error.go metrics.go serviceresolver.go webhook.go)

# replace FOLDER DECLARATIONS: keeps of a package only what the strategies name.
replace() {
  rm "$v/kubernetes/$1"/*.go
  printf 'package %s\n\n%s\n' "$(basename "$1")" "$2" >"$v/kubernetes/$1/kept.go"
}
replace pkg/controller/endpoint 'const (
	LabelManagedBy = "endpoints.kubernetes.io/managed-by"
	ControllerName = "endpoint-controller"
)'
replace pkg/controller/endpointslice 'const ControllerName = "endpointslice-controller.k8s.io"'
replace pkg/controller/endpointslicemirroring 'const ControllerName = "endpointslicemirroring-controller.k8s.io"'
replace plugin/pkg/admission/serviceaccount 'const EnforceMountableSecretsAnnotation = "kubernetes.io/enforce-mountable-secrets"'
replace pkg/registry/admissionregistration/resolver 'import "k8s.io/apimachinery/pkg/runtime/schema"

type ResourceResolver interface {
	Resolve(gvk schema.GroupVersionKind) (schema.GroupVersionResource, error)
}

type ResourceResolverFunc func(gvk schema.GroupVersionKind) (schema.GroupVersionResource, error)

func (f ResourceResolverFunc) Resolve(gvk schema.GroupVersionKind) (schema.GroupVersionResource, error) {
	return f(gvk)
}'
replace pkg/kubelet/client 'import (
	"context"
	"net/http"

	"k8s.io/apimachinery/pkg/types"
)

type ConnectionInfo struct {
	Scheme                         string
	Hostname                       string
	Port                           string
	Transport                      http.RoundTripper
	InsecureSkipTLSVerifyTransport http.RoundTripper
	NodeFeatures                   []string
}

type ConnectionInfoGetter interface {
	GetConnectionInfo(ctx context.Context, nodeName types.NodeName) (*ConnectionInfo, error)
}'

export GOFLAGS=-mod=vendor GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0
go build -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o api-server.wasm .
go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{if .Replace}}{{.Replace.Version}}{{else}}{{.Version}}{{end}}{{end}}{{end}}' . |
  sort -u | sed '/^$/d' >modules.txt
node "$here/pack.mjs" "$work" "$here" "$(go env GOVERSION)" "$@"
