package main

import (
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	structuraldefaulting "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	structuralpruning "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
	kjson "sigs.k8s.io/json"
)

// customKind is one version of a kind that a CustomResourceDefinition defines.
type customKind struct {
	gvk                   schema.GroupVersionKind
	schema                *structuralschema.Structural
	preserveUnknownFields bool
	strategy              rest.RESTCreateStrategy
}

// define makes the kinds of a definition known. What is wrong with the definition is the business of create.
func (s *server) define(text []byte) Answer {
	object, _, err := s.extensions.Decode(text, nil, nil)
	if err != nil && !runtime.IsStrictDecodingError(err) {
		return Answer{Unchecked: err.Error()}
	}
	definition, ok := object.(*apiextensions.CustomResourceDefinition)
	if !ok {
		return Answer{Unchecked: "not a CustomResourceDefinition"}
	}
	for _, version := range definition.Spec.Versions {
		if !version.Served {
			continue
		}
		kind, err := newCustomKind(definition, version)
		if err != nil {
			return Answer{Unchecked: fmt.Sprintf("version %s: %v", version.Name, err)}
		}
		s.custom[kind.gvk] = kind
	}
	return Answer{}
}

func newCustomKind(definition *apiextensions.CustomResourceDefinition, version apiextensions.CustomResourceDefinitionVersion) (*customKind, error) {
	validationSchema, err := apiextensions.GetSchemaForVersion(definition, version.Name)
	if err != nil {
		return nil, err
	}
	if validationSchema == nil || validationSchema.OpenAPIV3Schema == nil {
		return nil, fmt.Errorf("no schema")
	}
	structural, err := structuralschema.NewStructural(validationSchema.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	if err := structuraldefaulting.PruneDefaults(structural); err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(validationSchema.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	subresources, err := apiextensions.GetSubresourcesForVersion(definition, version.Name)
	if err != nil {
		return nil, err
	}
	var status *apiextensions.CustomResourceSubresourceStatus
	var statusValidator validation.SchemaValidator
	var scale *apiextensions.CustomResourceSubresourceScale
	if subresources != nil {
		scale = subresources.Scale
		if status = subresources.Status; status != nil {
			if statusSchema, ok := validationSchema.OpenAPIV3Schema.Properties["status"]; ok {
				if statusValidator, _, err = validation.NewSchemaValidator(&statusSchema); err != nil {
					return nil, err
				}
			}
		}
	}
	kind := &customKind{
		gvk:                   schema.GroupVersionKind{Group: definition.Spec.Group, Version: version.Name, Kind: definition.Spec.Names.Kind},
		schema:                structural,
		preserveUnknownFields: definition.Spec.PreserveUnknownFields != nil && *definition.Spec.PreserveUnknownFields,
	}
	kind.strategy = customresource.NewStrategy(typer{}, definition.Spec.Scope == apiextensions.NamespaceScoped, kind.gvk,
		validator, statusValidator, structural, status, scale, []apiextensionsv1.SelectableField{})
	return kind, nil
}

// create is unstructuredSchemaCoercer.apply of customresource_handler.go, and the registry's part after it.
func (k *customKind) create(text []byte) Answer {
	object := map[string]interface{}{}
	duplicates, err := kjson.UnmarshalStrict(text, &object)
	if err != nil {
		return Answer{Causes: []Cause{{Reason: "Decoding", Message: err.Error()}}}
	}
	var causes []Cause
	for _, one := range duplicates {
		causes = append(causes, decodingCauses(runtime.NewStrictDecodingError([]error{one}))...)
	}
	unknown := func(paths []string) {
		for _, path := range paths {
			causes = append(causes, Cause{Reason: "Decoding", Field: path, Message: fmt.Sprintf("unknown field %q", path)})
		}
	}
	apiVersion, kind := object["apiVersion"], object["kind"]
	metadata, found, paths, err := schemaobjectmeta.GetObjectMetaWithOptions(object, schemaobjectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return Answer{Causes: append(causes, Cause{Reason: "Decoding", Field: "metadata", Message: err.Error()})}
	}
	unknown(paths)
	if !k.preserveUnknownFields {
		unknown(structuralpruning.PruneWithOptions(object, k.schema, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}))
		structuraldefaulting.PruneNonNullableNullsWithoutDefaults(object, k.schema)
	}
	fault, paths := schemaobjectmeta.CoerceWithOptions(nil, object, k.schema, false, schemaobjectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if fault != nil {
		return Answer{Causes: append(causes, Cause{Reason: string(fault.Type), Field: fault.Field, Message: fault.ErrorBody()})}
	}
	unknown(paths)
	object["apiVersion"], object["kind"] = apiVersion, kind
	if found {
		if err := schemaobjectmeta.SetObjectMeta(object, metadata); err != nil {
			return Answer{Unchecked: err.Error()}
		}
	}
	structuraldefaulting.Default(object, k.schema)
	answer := beforeCreate(k.strategy, &unstructured.Unstructured{Object: object}, k.gvk)
	answer.Causes = append(causes, answer.Causes...)
	return answer
}

// typer says what an object says of itself.
type typer struct{}

func (typer) ObjectKinds(object runtime.Object) ([]schema.GroupVersionKind, bool, error) {
	return []schema.GroupVersionKind{object.GetObjectKind().GroupVersionKind()}, false, nil
}

func (typer) Recognizes(schema.GroupVersionKind) bool { return true }
