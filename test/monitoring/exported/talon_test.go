package exported_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/test/controlplane/controlplanetest"
	"doks-security/test/monitoring/pipeline"
)

// ofTalon has isolated a pod.
func ofTalon(t *testing.T, l *pipeline.Lab) (scrape, error) {
	if _, err := l.File(t.Context(), "falco-talon"); err != nil {
		return nil, err
	}
	plane := controlplanetest.Start(t)
	accounts := plane.Client().CoreV1().ServiceAccounts("default")
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "a"}}
	if _, err := accounts.Create(t.Context(), account, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	_, err := plane.Client().CoreV1().Pods("default").Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"app": "a"}},
		Spec: corev1.PodSpec{ServiceAccountName: "a",
			Containers: []corev1.Container{{Name: "a", Image: "example.org/a:1"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	s, err := pipeline.Render("dev", "response: {enabled: true, dryRun: false}")
	if err != nil {
		return nil, err
	}
	talon, err := l.StartTalon(t.Context(), pipeline.TalonArgs{Stack: s, Kubeconfig: plane.Kubeconfig()})
	if err != nil {
		return nil, err
	}
	return talon.Metrics, talon.Send(t.Context(), pipeline.Event{Rule: "Virtual Cluster Started Without Approval",
		Priority: "Warning", Namespace: "default", Pod: "a"})
}
