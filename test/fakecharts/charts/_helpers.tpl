{{/* What every container of a restricted namespace says of itself. */}}
{{- define "hardened" }}{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}{{ end }}
{{- define "nonroot" }}{runAsNonRoot: true, runAsUser: {{ . }}, seccompProfile: {type: RuntimeDefault}}{{ end }}
{{/* The labels charts select by: name and instance. */}}
{{- define "selector" }}{app.kubernetes.io/name: {{ index . 0 }}, app.kubernetes.io/instance: {{ index . 1 }}}{{ end }}
