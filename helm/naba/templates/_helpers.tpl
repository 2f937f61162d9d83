{{- define "naba.fullname" -}}
{{- if contains "naba" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-naba" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "naba.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "naba.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{- define "naba.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* Labels of a service. Takes a dict of root and name. */}}
{{- define "naba.selector" -}}
app.kubernetes.io/name: naba
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "naba.labels" -}}
{{ include "naba.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* A service's values over serviceDefaults, as YAML. Takes a dict of root and name. */}}
{{- define "naba.service" -}}
{{- $own := get .root.Values.services .name -}}
{{- mergeOverwrite (deepCopy .root.Values.serviceDefaults) (deepCopy $own) | toYaml -}}
{{- end -}}

{{/*
The configuration file of a service. What the chart knows comes first; the operator's settings win.
A value is written as JSON, which is TOML too for strings, numbers, booleans and lists of them. (toToml would turn every
integer into a float, which the services refuse.)
*/}}
{{- define "naba.config" -}}
{{- $service := include "naba.service" . | fromYaml -}}
{{- $chart := dict
      "admin" (dict "listen" "0.0.0.0:9464")
      "log" (dict "format" "json")
      "kafka" (dict "bootstrap" .root.Values.kafka.bootstrapServers)
      "stage" (dict "state_dir" "/var/lib/naba") -}}
{{- with .root.Values.kafka.extra -}}
{{- $_ := set $chart "kafka.extra" (deepCopy .) -}}
{{- end -}}
{{- range $section, $settings := mergeOverwrite $chart ($service.config | default dict) }}
[{{ $section }}]
{{- range $key, $value := $settings }}
{{ $key | quote }} = {{ toJson $value }}
{{- end }}
{{ end -}}
{{- end -}}
