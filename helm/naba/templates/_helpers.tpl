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

{{/* The image, for a service with a tag of its own. Takes a dict of root, and optionally tag. */}}
{{- define "naba.image" -}}
{{- $image := .root.Values.image -}}
{{- if and $image.digest (not .tag) -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (coalesce .tag $image.tag .root.Chart.AppVersion) -}}
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

{{/* The topic that a service reads, as YAML. Takes a dict of root and name. */}}
{{- define "naba.input" -}}
{{- $file := .root.Files.Get "files/topics.yaml" | fromYaml -}}
{{- $role := (get $file.access .name).input -}}
{{- range $file.topics }}{{ if eq .role $role }}{{ toYaml . }}{{ end }}{{ end -}}
{{- end -}}

{{/* Fails where more instances are asked for than there are partitions: they would idle. Takes a dict of root and name. */}}
{{- define "naba.checkReplicas" -}}
{{- $service := include "naba.service" . | fromYaml -}}
{{- $input := include "naba.input" . | fromYaml -}}
{{- $partitions := int $input.partitions -}}
{{- if eq $service.autoscaling.by "none" -}}
{{- if gt (int $service.replicas) $partitions -}}
{{- fail (printf "services.%s.replicas is %d, but %s has %d partitions: the others would idle" .name (int $service.replicas) $input.name $partitions) -}}
{{- end -}}
{{- else -}}
{{- if gt (int $service.autoscaling.maxReplicas) $partitions -}}
{{- fail (printf "services.%s.autoscaling.maxReplicas is %d, but %s has %d partitions: the others would idle" .name (int $service.autoscaling.maxReplicas) $input.name $partitions) -}}
{{- end -}}
{{- if gt (int $service.autoscaling.minReplicas) (int $service.autoscaling.maxReplicas) -}}
{{- fail (printf "services.%s.autoscaling.minReplicas is above maxReplicas" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Fails where the sink's file would vanish with its pod: what is committed is not delivered again. */}}
{{- define "naba.checkStore" -}}
{{- $service := include "naba.service" . | fromYaml -}}
{{- $store := dig "config" "sink" "store" "sqlite" $service -}}
{{- if and (eq .name "sink") (eq $store "sqlite") (not (and $service.state .root.Values.stateVolume.persistent)) -}}
{{- fail "services.sink.config.sink.store is sqlite: set services.sink.state and stateVolume.persistent, or its file is lost with the pod" -}}
{{- end -}}
{{- end -}}

{{/*
How a client shows who it is, as YAML: secret, username, volumes. Takes a dict of root, user (the name of its Strimzi user), and
optionally secret and username. Nothing without SASL and client certificates.
*/}}
{{- define "naba.kafkaClient" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $strimzi := ternary .user "" .root.Values.strimzi.users.enabled -}}
{{- $secret := coalesce .secret $kafka.existingSecret $strimzi -}}
{{- $username := coalesce .username $kafka.sasl.username $strimzi -}}
{{- if $kafka.sasl.mechanism -}}
{{- if not $secret }}{{ fail "kafka.sasl.mechanism needs kafka.existingSecret with the password" }}{{ end -}}
{{- if not $username }}{{ fail "kafka.sasl.mechanism needs kafka.sasl.username" }}{{ end -}}
secret: {{ $secret }}
username: {{ $username }}
{{- else if $kafka.tls.clientCertificate -}}
{{- if not $secret }}{{ fail "kafka.tls.clientCertificate needs kafka.existingSecret with the certificate and key" }}{{ end -}}
secret: {{ $secret }}
{{- end -}}
{{- end -}}

{{/* The kafka sections of a configuration, as YAML. Takes what naba.kafkaClient takes. */}}
{{- define "naba.kafkaConfig" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $client := include "naba.kafkaClient" . | fromYaml -}}
{{- $extra := dict -}}
{{- $own := dict "bootstrap" $kafka.bootstrapServers -}}
{{- if $kafka.sasl.mechanism -}}
{{- $_ := set $extra "security.protocol" (ternary "SASL_SSL" "SASL_PLAINTEXT" $kafka.tls.enabled) -}}
{{- $_ := set $extra "sasl.mechanism" $kafka.sasl.mechanism -}}
{{- $_ := set $extra "sasl.username" $client.username -}}
{{- $_ := set $own "sasl_password_file" (printf "/etc/naba/kafka/%s" $kafka.sasl.passwordKey) -}}
{{- else if $kafka.tls.enabled -}}
{{- $_ := set $extra "security.protocol" "SSL" -}}
{{- end -}}
{{- if and $kafka.tls.enabled $kafka.tls.caSecret -}}
{{- $_ := set $extra "ssl.ca.location" (printf "/etc/naba/kafka-ca/%s" $kafka.tls.caKey) -}}
{{- end -}}
{{- if $kafka.tls.clientCertificate -}}
{{- $_ := set $extra "ssl.certificate.location" (printf "/etc/naba/kafka/%s" $kafka.tls.certificateKey) -}}
{{- $_ := set $extra "ssl.key.location" (printf "/etc/naba/kafka/%s" $kafka.tls.privateKeyKey) -}}
{{- end -}}
{{- $sections := dict "kafka" $own -}}
{{- with mergeOverwrite $extra (deepCopy $kafka.extra) -}}
{{- $_ := set $sections "kafka.extra" . -}}
{{- end -}}
{{- with $kafka.topicPrefix -}}
{{- $_ := set $sections "stage" (dict "topic_prefix" .) -}}
{{- end -}}
{{- toYaml $sections -}}
{{- end -}}

{{/* Mounts and volumes of Kafka's Secrets. */}}
{{- define "naba.kafkaMounts" -}}
{{- if (include "naba.kafkaClient" . | fromYaml).secret }}
- {name: kafka, mountPath: /etc/naba/kafka, readOnly: true}
{{- end }}
{{- if and .root.Values.kafka.tls.enabled .root.Values.kafka.tls.caSecret }}
- {name: kafka-ca, mountPath: /etc/naba/kafka-ca, readOnly: true}
{{- end }}
{{- end -}}

{{- define "naba.kafkaVolumes" -}}
{{- with (include "naba.kafkaClient" . | fromYaml).secret }}
- name: kafka
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- if and .root.Values.kafka.tls.enabled .root.Values.kafka.tls.caSecret }}
- name: kafka-ca
  secret:
    secretName: {{ .root.Values.kafka.tls.caSecret }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{/*
Sections as TOML. A value is written as JSON, which is TOML too for strings, numbers, booleans and lists of them. (toToml would
turn every integer into a float, which the services refuse.)
*/}}
{{- define "naba.toml" -}}
{{- range $section, $settings := . }}
[{{ $section }}]
{{- range $key, $value := $settings }}
{{ $key | quote }} = {{ toJson $value }}
{{- end }}
{{ end -}}
{{- end -}}

{{/* Who a service is to Kafka: what naba.kafkaClient takes. Takes a dict of root and name. */}}
{{- define "naba.serviceClient" -}}
{{- $service := include "naba.service" . | fromYaml -}}
user: {{ include "naba.fullname" .root }}-{{ .name }}
secret: {{ $service.kafkaSecret | quote }}
username: {{ $service.kafkaUsername | quote }}
{{- end -}}

{{/* The configuration file of a service. What the chart knows comes first; the operator's settings win. */}}
{{- define "naba.config" -}}
{{- $service := include "naba.service" . | fromYaml -}}
{{- $client := merge (dict "root" .root) (include "naba.serviceClient" . | fromYaml) -}}
{{- $chart := dict
      "admin" (dict "listen" "0.0.0.0:9464")
      "log" (dict "format" "json")
      "stage" (dict "state_dir" "/var/lib/naba") -}}
{{- $chart = mergeOverwrite $chart (include "naba.kafkaConfig" $client | fromYaml) -}}
{{- include "naba.toml" (mergeOverwrite $chart ($service.config | default dict)) -}}
{{- end -}}

{{/* Who the command line is to Kafka, in the topic job and the test. */}}
{{- define "naba.cliClient" -}}
user: {{ include "naba.fullname" . }}-admin
secret: {{ .Values.topicJob.kafkaSecret | quote }}
username: {{ .Values.topicJob.kafkaUsername | quote }}
{{- end -}}

{{/* The parts of a pod that the restricted Pod Security Standard asks for. */}}
{{- define "naba.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "naba.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
