// Sizes are shares of one machine, so they are computed and not typed.
local hub_name = std.extVar('VARS_2I2C_HUB_NAME');
local machine = { name: 'n2-highmem-4', memory_gb: 29.4, cores: 3.7 };

local share(parts) = {
  display_name: '%.1f GB, up to %.1f CPU' % [machine.memory_gb / parts, machine.cores],
  slug: '%s-1-of-%d' % [hub_name, parts],
  default: parts == 8,
  kubespawner_override: {
    mem_guarantee: '%.2fG' % (machine.memory_gb / parts),
    mem_limit: self.mem_guarantee,
    cpu_guarantee: std.round(100 * machine.cores / parts) / 100,
    cpu_limit: machine.cores,
    node_selector: { 'node.kubernetes.io/instance-type': machine.name },
  },
};

{
  jupyterhub: {
    singleuser: {
      profileList: [share(parts) for parts in [8, 4, 2, 1]],
    },
  },
}
