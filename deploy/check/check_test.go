// Package check holds the files of deploy against the types of Docker Compose
// and Kubernetes. It is a module of its own, so that the bot does not depend on
// theirs.
package check

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// variables are the names in .env.example.
func variables(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.SplitSeq(string(data), "\n") {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "#"), "="); ok && name == strings.ToUpper(name) && !strings.Contains(name, " ") {
			names = append(names, name)
		}
	}
	return names
}

func project(t *testing.T, file string) *types.Project {
	t.Helper()
	env, err := os.CreateTemp(t.TempDir(), ".env")
	if err != nil {
		t.Fatal(err)
	}
	o, err := cli.NewProjectOptions([]string{file}, cli.WithEnv([]string{"POSTGRES_PASSWORD=secret"}), cli.WithName("test"),
		cli.WithoutEnvironmentResolution, cli.WithEnvFiles(env.Name()))
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.LoadProject(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return p
}

// The compose files are valid, and what they set is known to the bot.
func TestCompose(t *testing.T) {
	known := append(variables(t), "PGPASSWORD") // which the driver of Postgres knows
	shards := map[string]bool{}
	for _, file := range []string{"../../compose.yaml", "../compose.yaml"} {
		p := project(t, file)
		for name, s := range p.Services {
			if s.Image != "feedbackbot" {
				continue
			}
			if !s.ReadOnly || len(s.CapDrop) == 0 || s.StopGracePeriod == nil {
				t.Errorf("%s: service %s is not locked down", file, name)
			}
			for variable, value := range s.Environment {
				if !slices.Contains(known, variable) {
					t.Errorf("%s: service %s sets %s, which the bot does not know", file, name, variable)
				}
				if variable == "DISCORD_SHARDS" {
					shards[*value] = true
				}
			}
		}
	}
	if !shards["0-1/4"] || !shards["2-3/4"] || len(shards) != 2 {
		t.Errorf("the processes run the shards %v", shards)
	}
}

// The Kubernetes objects have no field that Kubernetes does not know, and belong
// together.
func TestKubernetes(t *testing.T) {
	var data []byte
	for _, file := range []string{"../kubernetes.yaml", "../secret.example.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		data = append(append(data, text...), "\n---\n"...)
	}
	data = bytes.TrimSuffix(data, []byte("\n---\n"))
	objects := map[string]any{}
	for part := range bytes.SplitSeq(data, []byte("\n---\n")) {
		var meta struct{ Kind, APIVersion string }
		if err := yaml.Unmarshal(part, &meta); err != nil {
			t.Fatal(err)
		}
		object := map[string]any{
			"v1/Namespace": &corev1.Namespace{}, "v1/ConfigMap": &corev1.ConfigMap{}, "v1/Service": &corev1.Service{}, "v1/Secret": &corev1.Secret{},
			"apps/v1/StatefulSet": &appsv1.StatefulSet{}, "apps/v1/Deployment": &appsv1.Deployment{},
			"policy/v1/PodDisruptionBudget": &policyv1.PodDisruptionBudget{}, "networking.k8s.io/v1/NetworkPolicy": &networkingv1.NetworkPolicy{},
		}[meta.APIVersion+"/"+meta.Kind]
		if object == nil {
			t.Fatalf("unknown kind %s %s", meta.APIVersion, meta.Kind)
		}
		if err := yaml.UnmarshalStrict(part, object); err != nil {
			t.Errorf("%s: %v", meta.Kind, err)
		}
		objects[meta.Kind] = object
	}
	known := append(variables(t), "POD_INDEX", "GOMEMLIMIT")
	set := objects["StatefulSet"].(*appsv1.StatefulSet)
	pod := set.Spec.Template
	if len(pod.Spec.Containers) != 1 || set.Spec.Selector.MatchLabels["app"] != pod.Labels["app"] {
		t.Fatalf("the StatefulSet does not select its pods: %v", set.Spec.Selector)
	}
	c := pod.Spec.Containers[0]
	for _, e := range c.Env {
		if !slices.Contains(known, e.Name) {
			t.Errorf("the pods set %s, which the bot does not know", e.Name)
		}
		if e.Name == "DISCORD_SHARDS" && e.Value != "$(POD_INDEX):2/4" {
			t.Errorf("the pods run the shards %s", e.Value)
		}
	}
	for name := range objects["ConfigMap"].(*corev1.ConfigMap).Data {
		if !slices.Contains(known, name) {
			t.Errorf("the ConfigMap sets %s, which the bot does not know", name)
		}
	}
	secret := objects["Secret"].(*corev1.Secret)
	for name := range secret.StringData {
		if !slices.Contains(known, name) {
			t.Errorf("the Secret sets %s, which the bot does not know", name)
		}
	}
	if !slices.ContainsFunc(c.EnvFrom, func(f corev1.EnvFromSource) bool { return f.SecretRef != nil && f.SecretRef.Name == secret.Name }) {
		t.Error("the pods do not read the Secret")
	}
	if *set.Spec.Replicas != 2 {
		t.Errorf("%d replicas, want as many as parts of the shards", *set.Spec.Replicas)
	}
	if c.LivenessProbe == nil || c.LivenessProbe.HTTPGet.Path != "/healthz" || c.ReadinessProbe == nil || c.ReadinessProbe.HTTPGet.Path != "/readyz" {
		t.Error("the probes do not ask /healthz and /readyz")
	}
	if s := c.SecurityContext; s == nil || !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || !*pod.Spec.SecurityContext.RunAsNonRoot {
		t.Error("the container is not locked down")
	}
	if b := objects["PodDisruptionBudget"].(*policyv1.PodDisruptionBudget); b.Spec.Selector.MatchLabels["app"] != pod.Labels["app"] {
		t.Error("the PodDisruptionBudget selects other pods")
	}
	if n := objects["NetworkPolicy"].(*networkingv1.NetworkPolicy); n.Spec.PodSelector.MatchLabels["app"] != pod.Labels["app"] || len(n.Spec.PolicyTypes) != 2 {
		t.Error("the NetworkPolicy selects other pods, or one direction only")
	}
}
