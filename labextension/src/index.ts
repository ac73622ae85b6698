import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { FileBrowser, IDefaultFileBrowser, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { ToolbarButton } from '@jupyterlab/ui-components';

import { isOnDisk, pageAddress } from './address';
import { showElsewhere, showMissing, showUnreachable } from './dialogs';
import { takeoutIcon } from './icon';
import { askServer, ServerHalf } from './server';

/** The command of the palette and, by `schema/plugin.json`, of a folder's context menu. */
const COMMAND = 'takeout:download-directory';
/** The button in the toolbar; `schema/plugin.json` says where. */
const BUTTON = 'takeout';

/** `Download Directory` in the file browser of JupyterLab 4 and Notebook 7. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterhub-takeout:plugin',
  description: 'Download Directory: a whole folder as one file.',
  autoStart: true,
  requires: [IFileBrowserFactory],
  optional: [IDefaultFileBrowser, IToolbarWidgetRegistry, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    factory: IFileBrowserFactory,
    defaultBrowser: FileBrowser | null,
    toolbars: IToolbarWidgetRegistry | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyterhub_takeout');
    const label = trans.__('Download Directory');
    const folder = (selected: boolean): string | null => {
      const browser = factory.tracker.currentWidget ?? defaultBrowser;
      return selected ? selectedFolder(browser) : (browser?.model.path ?? null);
    };

    app.commands.addCommand(COMMAND, {
      label,
      caption: trans.__('Download everything in this folder as one file'),
      icon: takeoutIcon,
      isEnabled: (args) => folder(args.selected === true) !== null,
      execute: async (args) => {
        const path = folder(args.selected === true);
        if (path !== null) {
          await openPage(app, trans, path);
        }
      },
    });
    palette?.addItem({ command: COMMAND, category: trans.__('File Operations') });

    toolbars?.addFactory<FileBrowser>('FileBrowser', BUTTON, (browser) => {
      return new ToolbarButton({
        icon: takeoutIcon,
        // JupyterLab's file browser has a narrow toolbar of icons; Notebook's is a wide one, of words too.
        label: app.name === 'JupyterLab' ? '' : label,
        tooltip: trans.__('Download Directory: everything in this folder, as one file'),
        onClick: () => {
          void openPage(app, trans, browser.model.path);
        },
      });
    });
  },
};

/** The one folder that is selected; null where none is, or several are. */
function selectedFolder(browser: FileBrowser | null): string | null {
  const folders = [...(browser?.selectedItems() ?? [])].filter((item) => item.type === 'directory');
  return folders.length === 1 ? (folders[0]?.path ?? null) : null;
}

/** Open the takeout page for a folder in a new tab, or say why there is none. */
async function openPage(app: JupyterFrontEnd, trans: TranslationBundle, path: string): Promise<void> {
  const { contents, serverSettings } = app.serviceManager;
  const drive = contents.driveName(path);
  if (!isOnDisk(drive)) {
    await showElsewhere(trans, drive);
    return;
  }
  switch (await askServer(serverSettings)) {
    case ServerHalf.Ready:
      window.open(pageAddress(serverSettings.baseUrl, contents.localPath(path)), '_blank', 'noopener');
      return;
    case ServerHalf.Missing:
      await showMissing(trans);
      return;
    case ServerHalf.Unreachable:
      await showUnreachable(trans);
  }
}

export default plugin;
