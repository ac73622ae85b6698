// What depends on the hub's name, address and cloud. The deployer evaluates this file for each hub and puts the
// result below the hub's own values files.
local hub_name = std.extVar('VARS_2I2C_HUB_NAME');
local hub_domain = std.extVar('VARS_2I2C_HUB_DOMAIN');
local cluster_name = std.extVar('VARS_2I2C_CLUSTER_NAME');
local provider = std.extVar('VARS_2I2C_PROVIDER');
local account_id = std.extVar('VARS_2I2C_ACCOUNT_ID');

// daskhub's file is a link to this one, and wants everything below the key of its only dependency.
local folders = std.split(std.thisFile, '/');
local is_daskhub = folders[std.length(folders) - 2] == 'daskhub';
local is_ephemeral = std.length(std.findSubstr('binder', hub_name)) > 0;

local instance_type = {
  aws: { 'node.kubernetes.io/instance-type': 'r5.xlarge' },
  gcp: { 'node.kubernetes.io/instance-type': 'n2-highmem-4' },
};
local own_nodes = if provider == 'aws' then { '2i2c/hub-name': hub_name } else {};
local node_selector = own_nodes + std.get(instance_type, provider, {});

local quotas = if is_ephemeral then {} else {
  services+: {
    'usage-quota': {
      url: 'http://hub:9000',
      display: true,
      oauth_no_confirm: true,
      command: [
        'python',
        '-m',
        'jupyterhub_usage_quotas.services.usage_viewer',
        '--config-files=/usr/local/etc/jupyterhub/jupyterhub_config.d/jupyterhub_usage_quotas_config.py',
      ],
    },
  },
  loadRoles+: {
    'usage-quota-service': {
      scopes: ['read:users', 'list:services', 'read:services'],
      services: ['usage-quota'],
    },
  },
  extraConfig+: {
    '11-setup-usage-quotas': |||
      import os
      from jupyterhub_usage_quotas import setup_usage_quotas

      setup_usage_quotas(c)
      for service in c.JupyterHub.services:
          if service["name"] == "usage-quota":
              service["environment"] = {
                  name: value for name, value in os.environ.items() if name.startswith("JUPYTERHUB_USAGE_QUOTAS_")
              }
    |||,
  },
};

local values = {
  nfs: {
    dirsizeReporter: { reportTotalSize: provider == 'kubeconfig' },
    pv: if provider == 'gcp' then {
      serverIP: 'storage-quota-home-nfs.%s.svc.cluster.local' % hub_name,
      mountOptions: ['soft', 'noatime'],
    } else {
      mountOptions: ['rsize=1048576', 'wsize=1048576', 'timeo=600', 'soft', 'retrans=2', 'noresvport'],
    },
  },
  'jupyterhub-home-nfs': {
    eks: { enabled: provider == 'aws' },
    gke: { enabled: provider == 'gcp' },
    quotaEnforcer: {
      config: {
        QuotaManager: {
          paths: ['/export/%s' % hub_name],
          hard_quota: 10,
          projects_file: '/export/%s/.projects' % hub_name,
          projid_file: '/export/%s/.projid' % hub_name,
        },
      },
    },
  },
  'jupyterhub-groups-exporter': {
    config: {
      groupsExporter: {
        update_info_interval: 3600,
        prometheus_host: 'support-prometheus-server.support.svc.cluster.local',
        prometheus_port: 80,
      },
    },
  },
  jupyterhub: {
    ingress: {
      hosts: [hub_domain],
      tls: [{ hosts: [hub_domain], secretName: 'https-auto-tls' }],
    },
    hub: {
      config: {
        OAuthenticator: { oauth_callback_url: 'https://%s/hub/oauth_callback' % hub_domain },
        UsageQuotaManager: { hub_namespace: hub_name },
        UsageViewer: { hub_namespace: hub_name, public_hub_url: 'https://%s/' % hub_domain },
      },
      services: {
        binder: { oauth_redirect_uri: 'https://%s/services/binder/oauth_callback' % hub_domain },
      },
    } + quotas,
    singleuser: { nodeSelector: node_selector },
  },
  userServiceAccount: {
    enabled: true,
    annotations: if provider == 'aws' then {
      'eks.amazonaws.com/role-arn': 'arn:aws:iam::%s:role/%s-%s' % [account_id, cluster_name, hub_name],
    } else if provider == 'gcp' then {
      'iam.gke.io/gcp-service-account': '%s-%s@%s.iam.gserviceaccount.com' % [cluster_name, hub_name, account_id],
    } else {},
  },
  'dask-gateway': {
    gateway: {
      backend: {
        scheduler: { extraPodConfig: { nodeSelector: own_nodes } },
        worker: { extraPodConfig: { nodeSelector: own_nodes } },
      },
    },
  },
  'binderhub-service': {
    dockerApi: { nodeSelector: node_selector },
    config: { KubernetesBuildExecutor: { node_selector: node_selector } },
    extraEnv: [
      { name: 'JUPYTERHUB_API_URL', value: 'http://hub.%s.svc.cluster.local:8081/hub/api' % hub_name },
    ],
  },
  nodePlaceholder: { nodeSelector: own_nodes },
};

if is_daskhub then { basehub: values } else values
