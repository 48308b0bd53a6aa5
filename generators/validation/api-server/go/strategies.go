package main

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/resource"
	resourcevalidation "k8s.io/kubernetes/pkg/apis/resource/validation"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingadmissionpolicy"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingadmissionpolicybinding"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/resolver"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicy"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicybinding"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/apps/controllerrevision"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/certificates/certificates"
	"k8s.io/kubernetes/pkg/registry/certificates/clustertrustbundle"
	"k8s.io/kubernetes/pkg/registry/coordination/lease"
	"k8s.io/kubernetes/pkg/registry/coordination/leasecandidate"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/endpoint"
	"k8s.io/kubernetes/pkg/registry/core/event"
	"k8s.io/kubernetes/pkg/registry/core/limitrange"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/node"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolume"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/podtemplate"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
	"k8s.io/kubernetes/pkg/registry/core/resourcequota"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/discovery/endpointslice"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/flowschema"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/prioritylevelconfiguration"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/ingressclass"
	"k8s.io/kubernetes/pkg/registry/networking/ipaddress"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/networking/servicecidr"
	"k8s.io/kubernetes/pkg/registry/node/runtimeclass"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrole"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding"
	"k8s.io/kubernetes/pkg/registry/rbac/role"
	"k8s.io/kubernetes/pkg/registry/rbac/rolebinding"
	"k8s.io/kubernetes/pkg/registry/resource/deviceclass"
	"k8s.io/kubernetes/pkg/registry/resource/devicetaintrule"
	"k8s.io/kubernetes/pkg/registry/resource/resourceslice"
	"k8s.io/kubernetes/pkg/registry/scheduling/podgroup"
	"k8s.io/kubernetes/pkg/registry/scheduling/priorityclass"
	"k8s.io/kubernetes/pkg/registry/scheduling/workload"
	"k8s.io/kubernetes/pkg/registry/storage/csidriver"
	"k8s.io/kubernetes/pkg/registry/storage/csinode"
	"k8s.io/kubernetes/pkg/registry/storage/csistoragecapacity"
	"k8s.io/kubernetes/pkg/registry/storage/storageclass"
	"k8s.io/kubernetes/pkg/registry/storage/volumeattachment"
	"k8s.io/kubernetes/pkg/registry/storage/volumeattributesclass"
	"k8s.io/kubernetes/pkg/registry/storagemigration/storagemigration"
)

// What an object names need not be there, and whoever creates it may.
var (
	anyone = authorizer.AuthorizerFunc(func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
		return authorizer.DecisionAllow, "", nil
	})
	everything = resolver.ResourceResolverFunc(func(kind schema.GroupVersionKind) (schema.GroupVersionResource, error) {
		return schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: kind.Kind}, nil
	})
)

func group(name, kind string) schema.GroupKind { return schema.GroupKind{Group: name, Kind: kind} }

// What the registry does with each built-in kind that a person may write a manifest of.
var strategies = map[schema.GroupKind]rest.RESTCreateStrategy{
	group("", "ConfigMap"):             configmap.Strategy,
	group("", "Endpoints"):             endpoint.Strategy,
	group("", "Event"):                 event.Strategy,
	group("", "LimitRange"):            limitrange.Strategy,
	group("", "Namespace"):             namespace.Strategy,
	group("", "Node"):                  node.Strategy,
	group("", "PersistentVolume"):      persistentvolume.Strategy,
	group("", "PersistentVolumeClaim"): persistentvolumeclaim.Strategy,
	group("", "Pod"):                   pod.Strategy,
	group("", "PodTemplate"):           podtemplate.Strategy,
	group("", "ReplicationController"): replicationcontroller.Strategy,
	group("", "ResourceQuota"):         resourcequota.Strategy,
	group("", "Secret"):                secret.Strategy,
	group("", "Service"):               service.Strategy,
	group("", "ServiceAccount"):        serviceaccount.Strategy,

	group("admissionregistration.k8s.io", "MutatingAdmissionPolicy"):          mutatingadmissionpolicy.NewStrategy(anyone, everything),
	group("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"):   mutatingadmissionpolicybinding.NewStrategy(anyone, nil, everything),
	group("admissionregistration.k8s.io", "MutatingWebhookConfiguration"):     mutatingwebhookconfiguration.Strategy,
	group("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"):        validatingadmissionpolicy.NewStrategy(anyone, everything),
	group("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): validatingadmissionpolicybinding.NewStrategy(anyone, nil, everything),
	group("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"):   validatingwebhookconfiguration.Strategy,

	group("apps", "ControllerRevision"): controllerrevision.Strategy,
	group("apps", "DaemonSet"):          daemonset.Strategy,
	group("apps", "Deployment"):         deployment.Strategy,
	group("apps", "ReplicaSet"):         replicaset.Strategy,
	group("apps", "StatefulSet"):        statefulset.Strategy,

	group("autoscaling", "HorizontalPodAutoscaler"): horizontalpodautoscaler.Strategy,

	group("batch", "CronJob"): cronjob.Strategy,
	group("batch", "Job"):     job.Strategy,

	group("certificates.k8s.io", "CertificateSigningRequest"): certificates.Strategy,
	group("certificates.k8s.io", "ClusterTrustBundle"):        clustertrustbundle.Strategy,

	group("coordination.k8s.io", "Lease"):          lease.Strategy,
	group("coordination.k8s.io", "LeaseCandidate"): leasecandidate.Strategy,

	group("discovery.k8s.io", "EndpointSlice"): endpointslice.Strategy,

	group("events.k8s.io", "Event"): event.Strategy,

	group("flowcontrol.apiserver.k8s.io", "FlowSchema"):                 flowschema.Strategy,
	group("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): prioritylevelconfiguration.Strategy,

	group("networking.k8s.io", "Ingress"):       ingress.Strategy,
	group("networking.k8s.io", "IngressClass"):  ingressclass.Strategy,
	group("networking.k8s.io", "IPAddress"):     ipaddress.Strategy,
	group("networking.k8s.io", "NetworkPolicy"): networkpolicy.Strategy,
	group("networking.k8s.io", "ServiceCIDR"):   servicecidr.Strategy,

	group("node.k8s.io", "RuntimeClass"): runtimeclass.Strategy,

	group("policy", "PodDisruptionBudget"): poddisruptionbudget.Strategy,

	group("rbac.authorization.k8s.io", "ClusterRole"):        clusterrole.Strategy,
	group("rbac.authorization.k8s.io", "ClusterRoleBinding"): clusterrolebinding.Strategy,
	group("rbac.authorization.k8s.io", "Role"):               role.Strategy,
	group("rbac.authorization.k8s.io", "RoleBinding"):        rolebinding.Strategy,

	group("resource.k8s.io", "DeviceClass"):     deviceclass.Strategy,
	group("resource.k8s.io", "DeviceTaintRule"): devicetaintrule.Strategy,
	group("resource.k8s.io", "ResourceClaim"): claims{validate: func(object runtime.Object) field.ErrorList {
		return resourcevalidation.ValidateResourceClaim(object.(*resource.ResourceClaim))
	}},
	group("resource.k8s.io", "ResourceClaimTemplate"): claims{validate: func(object runtime.Object) field.ErrorList {
		return resourcevalidation.ValidateResourceClaimTemplate(object.(*resource.ResourceClaimTemplate))
	}},
	group("resource.k8s.io", "ResourceSlice"): resourceslice.Strategy,

	group("scheduling.k8s.io", "PodGroup"):      podgroup.NewStrategy(),
	group("scheduling.k8s.io", "PriorityClass"): priorityclass.Strategy,
	group("scheduling.k8s.io", "Workload"):      workload.Strategy,

	group("storage.k8s.io", "CSIDriver"):             csidriver.Strategy,
	group("storage.k8s.io", "CSINode"):               csinode.Strategy,
	group("storage.k8s.io", "CSIStorageCapacity"):    csistoragecapacity.Strategy,
	group("storage.k8s.io", "StorageClass"):          storageclass.Strategy,
	group("storage.k8s.io", "VolumeAttachment"):      volumeattachment.Strategy,
	group("storage.k8s.io", "VolumeAttributesClass"): volumeattributesclass.Strategy,

	group("storagemigration.k8s.io", "StorageVersionMigration"): storagemigration.Strategy,
}

// claims stands for the strategies of resource claims, which look into the cluster for whoever asks for administrative access.
type claims struct {
	validate func(runtime.Object) field.ErrorList
}

func (claims) ObjectKinds(object runtime.Object) ([]schema.GroupVersionKind, bool, error) {
	return legacyscheme.Scheme.ObjectKinds(object)
}
func (claims) Recognizes(kind schema.GroupVersionKind) bool {
	return legacyscheme.Scheme.Recognizes(kind)
}
func (claims) GenerateName(base string) string { return names.SimpleNameGenerator.GenerateName(base) }
func (claims) NamespaceScoped() bool           { return true }
func (claims) PrepareForCreate(context.Context, runtime.Object) {
}
func (c claims) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	return c.validate(object)
}
func (claims) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }
func (claims) Canonicalize(runtime.Object)                               {}
