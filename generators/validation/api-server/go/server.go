package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extensionsinstall "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	genericrequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
	podsecurity "k8s.io/pod-security-admission/api"

	// The groups that the API server serves, with their defaults.
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/certificates/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/events/install"
	_ "k8s.io/kubernetes/pkg/apis/extensions/install"
	_ "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/resource/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	_ "k8s.io/kubernetes/pkg/apis/storagemigration/install"
)

type server struct {
	builtIn    runtime.Decoder
	extensions runtime.Decoder
	// Of CustomResourceDefinitions.
	definition rest.RESTCreateStrategy
	custom     map[schema.GroupVersionKind]*customKind
}

func newServer() *server {
	// What goes wrong inside is an answer, not a line of a log.
	utilruntime.ErrorHandlers = nil
	scheme := runtime.NewScheme()
	extensionsinstall.Install(scheme)
	return &server{
		builtIn:    serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDecoder(),
		extensions: serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder(),
		definition: customresourcedefinition.NewStrategy(scheme),
		custom:     map[schema.GroupVersionKind]*customKind{},
	}
}

// emulate sets the features as a minor version has them.
func emulate(minor string) error {
	wanted, err := version.ParseGeneric(minor)
	if err != nil {
		return err
	}
	return utilfeature.DefaultMutableFeatureGate.SetEmulationVersion(wanted)
}

func (s *server) create(text []byte) Answer {
	var kind metav1.TypeMeta
	if err := json.Unmarshal(text, &kind); err != nil {
		return Answer{Unchecked: err.Error()}
	}
	gvk := kind.GroupVersionKind()
	if custom, ok := s.custom[gvk]; ok {
		return custom.create(text)
	}
	decoder, strategy := s.builtIn, strategies[gvk.GroupKind()]
	if gvk.Group == apiextensions.GroupName {
		decoder, strategy = s.extensions, s.definition
	}
	if strategy == nil {
		return Answer{Unknown: fmt.Sprintf("%s %s", kind.APIVersion, kind.Kind)}
	}
	object, _, err := decoder.Decode(text, nil, nil)
	var causes []Cause
	if err != nil {
		if runtime.IsNotRegisteredError(err) {
			return Answer{Unknown: fmt.Sprintf("%s %s", kind.APIVersion, kind.Kind)}
		}
		causes = decodingCauses(err)
		// Unknown fields come with the object, which goes on.
		if object == nil || !runtime.IsStrictDecodingError(err) {
			return Answer{Causes: causes}
		}
	}
	answer := beforeCreate(strategy, object, gvk)
	answer.Causes = append(causes, answer.Causes...)
	return answer
}

// beforeCreate is the registry's part of a create request.
func beforeCreate(strategy rest.RESTCreateStrategy, object runtime.Object, gvk schema.GroupVersionKind) Answer {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return Answer{Unchecked: err.Error()}
	}
	namespace := ""
	if strategy.NamespaceScoped() {
		if namespace = accessor.GetNamespace(); namespace == "" {
			namespace = metav1.NamespaceDefault
		}
	}
	accessor.SetNamespace(namespace)
	var warnings recorder
	ctx := warning.WithWarningRecorder(context.Background(), &warnings)
	ctx = genericrequest.WithNamespace(ctx, namespace)
	ctx = genericrequest.WithRequestInfo(ctx, &genericrequest.RequestInfo{
		IsResourceRequest: true,
		Verb:              "create",
		APIGroup:          gvk.Group,
		APIVersion:        gvk.Version,
		Namespace:         namespace,
		Resource:          strings.ToLower(gvk.Kind) + "s",
	})
	rest.FillObjectMetaSystemFields(accessor)
	if accessor.GetGenerateName() != "" && accessor.GetName() == "" {
		accessor.SetName(strategy.GenerateName(accessor.GetGenerateName()))
	}
	answer := Answer{Causes: causesOf(rest.BeforeCreate(strategy, ctx, object))}
	answer.Warnings = warnings
	if namespace, ok := object.(*core.Namespace); ok {
		// The admission plugin PodSecurity, of which nothing else can be said without the cluster.
		_, errs := podsecurity.PolicyToEvaluate(namespace.Labels, podsecurity.Policy{})
		for _, err := range errs {
			answer.Causes = append(answer.Causes, Cause{Reason: string(err.Type), Field: err.Field, Message: err.ErrorBody()})
		}
	}
	return answer
}

type recorder []string

func (r *recorder) AddWarning(_, text string) { *r = append(*r, text) }

func causesOf(err error) []Cause {
	if err == nil {
		return nil
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || len(status.Status().Details.Causes) == 0 {
		return []Cause{{Reason: "Invalid", Message: err.Error()}}
	}
	var causes []Cause
	for _, cause := range status.Status().Details.Causes {
		causes = append(causes, Cause{Reason: string(cause.Type), Field: cause.Field, Message: cause.Message})
	}
	return causes
}

var (
	strictField = regexp.MustCompile(`^(?:unknown|duplicate) field "(.*)"$`)
	goField     = regexp.MustCompile(`Go struct field \w+\.([\w.]+) of type`)
)

// decodingCauses says where an object cannot be read, as far as the decoder says it.
func decodingCauses(err error) []Cause {
	strict, ok := runtime.AsStrictDecodingError(err)
	if !ok {
		cause := Cause{Reason: "Decoding", Message: err.Error()}
		if found := goField.FindStringSubmatch(err.Error()); found != nil {
			cause.Field = found[1]
		}
		return []Cause{cause}
	}
	var causes []Cause
	for _, one := range strict.Errors() {
		cause := Cause{Reason: "Decoding", Message: one.Error()}
		if found := strictField.FindStringSubmatch(one.Error()); found != nil {
			cause.Field = found[1]
		}
		causes = append(causes, cause)
	}
	return causes
}
