// Kubernetes' own evaluator of Pod Security on the files that are named: one JSON line a file, with the ids of the controls that
// refuse its pods at the level "restricted"; without files, the ids of all controls. Where the pods are in each kind is said here again, not taken from Modelyard.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

type verdict struct {
	File    string   `json:"file"`
	Refused []string `json:"refused"`
}

func main() {
	output := json.NewEncoder(os.Stdout)
	if len(os.Args) == 1 {
		for _, check := range policy.DefaultChecks() {
			fmt.Println(check.ID)
		}
	}
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		if err == nil {
			var template *corev1.PodTemplateSpec
			if template, err = podsOf(text); err == nil && template != nil {
				err = output.Encode(verdict{file, refused(template)})
			}
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			os.Exit(2)
		}
	}
}

// podsOf returns nil for a kind that makes no pods.
func podsOf(text []byte) (*corev1.PodTemplateSpec, error) {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(text, &kind); err != nil {
		return nil, err
	}
	var object any
	var template *corev1.PodTemplateSpec
	switch kind.Kind {
	case "Pod":
		pod := &corev1.Pod{}
		err := yaml.UnmarshalStrict(text, pod)
		return &corev1.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec}, err
	case "Deployment":
		typed := &appsv1.Deployment{}
		object, template = typed, &typed.Spec.Template
	case "ReplicaSet":
		typed := &appsv1.ReplicaSet{}
		object, template = typed, &typed.Spec.Template
	case "StatefulSet":
		typed := &appsv1.StatefulSet{}
		object, template = typed, &typed.Spec.Template
	case "DaemonSet":
		typed := &appsv1.DaemonSet{}
		object, template = typed, &typed.Spec.Template
	case "Job":
		typed := &batchv1.Job{}
		object, template = typed, &typed.Spec.Template
	case "CronJob":
		typed := &batchv1.CronJob{}
		object, template = typed, &typed.Spec.JobTemplate.Spec.Template
	default:
		return nil, nil
	}
	return template, yaml.UnmarshalStrict(text, object)
}

// refused asks every control in its newest version by itself: the evaluator's answer for all of them has no ids.
func refused(template *corev1.PodTemplateSpec) []string {
	ids := []string{}
	for _, check := range policy.DefaultChecks() {
		newest := check.Versions[len(check.Versions)-1]
		if !newest.CheckPod(&template.ObjectMeta, &template.Spec).Allowed {
			ids = append(ids, string(check.ID))
		}
	}
	return ids
}
