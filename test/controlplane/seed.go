package controlplane

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// adminAccount is the ServiceAccount in kube-system that Token speaks for.
const adminAccount = "rehearsal-admin"

// What DOKS' own pods ask for on a node: cilium, csi-do-node, do-node-agent, konnectivity-agent, coredns and others,
// in total. One DaemonSet stands for them: the sum is what scheduling is about.
var doksPods = corev1.ResourceList{
	corev1.ResourceCPU: resource.MustParse("522m"), corev1.ResourceMemory: resource.MustParse("694Mi"),
}

// seed creates what a new DOKS cluster has: storage classes, its own pods, and here an account for tokens.
func seed(ctx context.Context, client kubernetes.Interface) error {
	for _, class := range []struct {
		name   string
		policy corev1.PersistentVolumeReclaimPolicy
	}{
		{"do-block-storage", corev1.PersistentVolumeReclaimDelete},
		{"do-block-storage-retain", corev1.PersistentVolumeReclaimRetain},
		{"do-block-storage-xfs", corev1.PersistentVolumeReclaimDelete},
		{"do-block-storage-xfs-retain", corev1.PersistentVolumeReclaimRetain},
	} {
		_, err := client.StorageV1().StorageClasses().Create(ctx, &storagev1.StorageClass{
			ObjectMeta: metav1.ObjectMeta{Name: class.name, Annotations: map[string]string{
				"storageclass.kubernetes.io/is-default-class": fmt.Sprint(class.name == "do-block-storage"),
			}},
			Provisioner: csiDriver, ReclaimPolicy: ptr.To(class.policy),
			VolumeBindingMode: ptr.To(storagev1.VolumeBindingImmediate), AllowVolumeExpansion: ptr.To(true),
		}, metav1.CreateOptions{})
		if err != nil {
			return fmt.Errorf("creating storage class %s: %w", class.name, err)
		}
	}
	_, err := client.StorageV1().CSIDrivers().Create(ctx, &storagev1.CSIDriver{
		ObjectMeta: metav1.ObjectMeta{Name: csiDriver},
		Spec:       storagev1.CSIDriverSpec{AttachRequired: ptr.To(true), PodInfoOnMount: ptr.To(true)},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("creating the CSI driver: %w", err)
	}
	account := metav1.ObjectMeta{Name: adminAccount, Namespace: metav1.NamespaceSystem}
	if _, err := client.CoreV1().ServiceAccounts(account.Namespace).Create(ctx,
		&corev1.ServiceAccount{ObjectMeta: account}, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating the admin account: %w", err)
	}
	_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: adminAccount},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account.Name, Namespace: account.Namespace}},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("creating the admin account: %w", err)
	}
	labels := map[string]string{"k8s-app": "doks"}
	_, err = client.AppsV1().DaemonSets(metav1.NamespaceSystem).Create(ctx, &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "doks", Labels: labels},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					PriorityClassName: "system-node-critical",
					Tolerations:       []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
					Containers: []corev1.Container{{Name: "doks", Image: "doks",
						Resources: corev1.ResourceRequirements{Requests: doksPods}}},
				},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("creating DOKS' own pods: %w", err)
	}
	return nil
}
