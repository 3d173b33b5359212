{{- /* The settings that follow from values, then those that are given by name, which go before them. */ -}}
{{- define "tileserver.env" -}}
{{- $own := dict "TILESERVER_DRAIN_S" .Values.drainSeconds "TILESERVER_LOG_FORMAT" "json" -}}
{{- with .Values.oidc -}}
{{- if .issuer -}}
{{- $_ := set $own "TILESERVER_OIDC_ISSUER" .issuer -}}
{{- $_ := set $own "TILESERVER_OIDC_AUDIENCE" (required "oidc.audience is missing: name this server as its tokens do" .audience) -}}
{{- $_ := set $own "TILESERVER_OIDC_ROLES_CLAIM" .rolesClaim -}}
{{- with .adminRole }}{{ $_ := set $own "TILESERVER_OIDC_ADMIN_ROLE" . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- with .Values.scheduler }}{{ $_ := set $own "TILESERVER_SCHEDULER" . }}{{ end -}}
{{- if .Values.secrets.keys.name -}}
{{- $_ := set $own "TILESERVER_KEYS" (printf "/etc/tileserver-keys/%s" .Values.secrets.keys.key) -}}
{{- end -}}
{{- if .Values.sharedTiles }}{{ $_ := set $own "TILESERVER_SHARED_TILES" "/var/cache/tileserver" }}{{ end -}}
{{- if .Values.jobs.enabled }}{{ $_ := set $own "TILESERVER_JOBS" "/var/lib/tileserver/jobs" }}{{ end -}}
{{- range $name, $value := merge (dict) .Values.env $own }}
- name: {{ $name }}
  {{- /* A large number as it was written, not as 1e+09. */}}
  value: {{ if kindIs "string" $value }}{{ $value | quote }}{{ else }}{{ toJson $value | quote }}{{ end }}
{{- end }}
{{- $secrets := dict "TILESERVER_DATABASE" "database" "TILESERVER_REDIS" "redis" "TILESERVER_ADMIN_TOKEN" "adminToken" "TILESERVER_SIGNING_KEYS" "signingKeys" }}
{{- range $setting, $value := $secrets }}
{{- $from := index $.Values.secrets $value }}
{{- if $from.name }}
- name: {{ $setting }}
  valueFrom:
    secretKeyRef:
      name: {{ $from.name }}
      key: {{ $from.key }}
{{- end }}
{{- end }}
{{- end -}}
