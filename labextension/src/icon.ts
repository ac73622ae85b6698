import { LabIcon } from '@jupyterlab/ui-components';

import svg from '../style/takeout.svg';

/** A folder, and an arrow that leaves it. */
export const takeoutIcon = new LabIcon({ name: 'jupyterhub-takeout:takeout', svgstr: svg });
