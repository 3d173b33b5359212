{{- define "tileserver.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tileserver.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tileserver.labels" -}}
{{ include "tileserver.selector" . }}
{{ include "tileserver.origin" . }}
{{- end -}}

{{- /* Of the pod that tests: none that the Service, the budget or the autoscaler selects. */ -}}
{{- define "tileserver.tester" -}}
app.kubernetes.io/name: {{ .Chart.Name }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tileserver.origin" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "tileserver.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "tileserver.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "tileserver.catalog" -}}
{{- .Values.existingCatalog | default (printf "%s-catalog" (include "tileserver.name" .)) -}}
{{- end -}}

{{- define "tileserver.storageSecret" -}}
{{- .Values.storageSecret.existingSecret | default (printf "%s-storage" (include "tileserver.name" .)) -}}
{{- end -}}
