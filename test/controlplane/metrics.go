package controlplane

import (
	"encoding/json"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const metricsAPI = "/apis/metrics.k8s.io/v1beta1"

type object = map[string]any

// metricsHandler serves metrics.k8s.io behind metrics-server's APIService. Without an answer every namespace deletion
// would hang: the namespace controller asks all APIs for what is left. The usage is made up: pods do not run.
func metricsHandler(client kubernetes.Interface) http.Handler {
	mux := http.NewServeMux()
	reply := func(w http.ResponseWriter, kind string, content object) {
		content["kind"], content["apiVersion"] = kind, "metrics.k8s.io/v1beta1"
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(content) // the client went away
	}
	sample := func(meta object, more object) object {
		more["metadata"], more["timestamp"], more["window"] = meta, time.Now().UTC().Format(time.RFC3339), "15s"
		return more
	}
	mux.HandleFunc("GET "+metricsAPI, func(w http.ResponseWriter, _ *http.Request) {
		verbs := []string{"get", "list"}
		reply(w, "APIResourceList", object{"apiVersion": "v1", "groupVersion": "metrics.k8s.io/v1beta1",
			"resources": []object{
				{"name": "nodes", "singularName": "", "namespaced": false, "kind": "NodeMetrics", "verbs": verbs},
				{"name": "pods", "singularName": "", "namespaced": true, "kind": "PodMetrics", "verbs": verbs},
			}})
	})
	mux.HandleFunc("GET "+metricsAPI+"/nodes", func(w http.ResponseWriter, r *http.Request) {
		nodes, err := client.CoreV1().Nodes().List(r.Context(), metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		items := []object{}
		for _, node := range nodes.Items {
			items = append(items, sample(object{"name": node.Name}, object{"usage": object{"cpu": "450m", "memory": "1500Mi"}}))
		}
		reply(w, "NodeMetricsList", object{"metadata": object{}, "items": items})
	})
	pods := func(w http.ResponseWriter, r *http.Request) {
		list, err := client.CoreV1().Pods(r.PathValue("namespace")).List(r.Context(), metav1.ListOptions{
			ResourceVersion: "0", LabelSelector: r.URL.Query().Get("labelSelector"),
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		items := []object{}
		for _, pod := range list.Items {
			containers := []object{}
			for _, container := range pod.Spec.Containers {
				containers = append(containers, object{"name": container.Name, "usage": object{"cpu": "10m", "memory": "40Mi"}})
			}
			items = append(items, sample(object{"name": pod.Name, "namespace": pod.Namespace}, object{"containers": containers}))
		}
		reply(w, "PodMetricsList", object{"metadata": object{}, "items": items})
	}
	mux.HandleFunc("GET "+metricsAPI+"/pods", pods)
	mux.HandleFunc("GET "+metricsAPI+"/namespaces/{namespace}/pods", pods)
	return mux
}
