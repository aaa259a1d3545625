package controlplane

import (
	"encoding/json"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// certManagerWebhook is the Service of cert-manager's webhook.
const certManagerWebhook = "cert-manager-webhook"

// injectCA is what cert-manager's cainjector acts on.
const injectCA = "cert-manager.io/inject-ca-from-secret"

// admit stands in for cert-manager's webhook, whose pods do not run: it admits everything. The schemas of its resources
// are checked by the API server all the same.
func admit(w http.ResponseWriter, r *http.Request) {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil || review.Request == nil {
		http.Error(w, "not an AdmissionReview", http.StatusBadRequest)
		return
	}
	review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	review.Request = nil
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review) // the client went away
}

// injectValidating and injectMutating let the API server trust that webhook, as cainjector would.
func (c *cloud) injectValidating(config *admissionregistrationv1.ValidatingWebhookConfiguration) error {
	if config.Annotations[injectCA] == "" || len(config.Webhooks) == 0 ||
		len(config.Webhooks[0].ClientConfig.CABundle) > 0 {
		return nil
	}
	config = config.DeepCopy()
	for i := range config.Webhooks {
		config.Webhooks[i].ClientConfig.CABundle = c.ca
	}
	_, err := c.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Update(c.ctx, config,
		metav1.UpdateOptions{})
	return err
}

func (c *cloud) injectMutating(config *admissionregistrationv1.MutatingWebhookConfiguration) error {
	if config.Annotations[injectCA] == "" || len(config.Webhooks) == 0 ||
		len(config.Webhooks[0].ClientConfig.CABundle) > 0 {
		return nil
	}
	config = config.DeepCopy()
	for i := range config.Webhooks {
		config.Webhooks[i].ClientConfig.CABundle = c.ca
	}
	_, err := c.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Update(c.ctx, config,
		metav1.UpdateOptions{})
	return err
}
