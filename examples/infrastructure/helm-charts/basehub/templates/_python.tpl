{{- /* A value as Python writes it. */ -}}
{{- define "basehub.python" -}}
{{- if kindIs "bool" . }}{{ ternary "True" "False" . }}{{ else if kindIs "string" . }}{{ quote . }}{{ else }}{{ . }}{{ end }}
{{- end -}}
