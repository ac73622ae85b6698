import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

/** Say that the Jupyter server has no takeout page, and how it gets one. */
export async function showMissing(trans: TranslationBundle): Promise<void> {
  await show(trans, trans.__('Takeout is not running in this Jupyter server'), [
    trans.__(
      'The button is here, but the part of Takeout that reads your files is not installed in the Jupyter server, or not enabled. In a terminal of this server, run:',
    ),
    { command: 'python -m pip install jupyterhub-takeout\njupyter server extension enable takeout.server' },
    trans.__(
      'Then restart the server. On a JupyterHub: File, Hub Control Panel, Stop My Server, Start My Server; your files stay.',
    ),
  ]);
}

/** Say that the Jupyter server does not answer at all. */
export async function showUnreachable(trans: TranslationBundle): Promise<void> {
  await show(trans, trans.__('The Jupyter server does not answer'), [
    trans.__('It may have been stopped, or the connection is down. Reload this page and try again.'),
  ]);
}

/** Say that a folder is of a drive that is not the server's disk. */
export async function showElsewhere(trans: TranslationBundle, drive: string): Promise<void> {
  await show(trans, trans.__('This folder is not in your home'), [
    trans.__(
      'It belongs to "%1", which is not on the disk of the Jupyter server. Takeout takes what is there.',
      drive,
    ),
  ]);
}

type Part = string | { readonly command: string };

async function show(trans: TranslationBundle, title: string, parts: readonly Part[]): Promise<void> {
  const body = new Widget();
  for (const part of parts) {
    const element = document.createElement(typeof part === 'string' ? 'p' : 'pre');
    element.textContent = typeof part === 'string' ? part : part.command;
    body.node.append(element);
  }
  await showDialog({ title, body, buttons: [Dialog.okButton({ label: trans.__('Close') })] });
}
