// Download Directory in the file list of nbclassic. The page loads it as it is: an AMD module, never built.
define(['jquery', 'base/js/namespace', 'base/js/utils', 'base/js/dialog', 'base/js/i18n'], function (
  $,
  Jupyter,
  utils,
  dialog,
  i18n,
) {
  'use strict';

  const takeoutAddress = () => utils.url_path_join(utils.get_body_data('baseUrl'), 'takeout/');

  // The one folder that is ticked, otherwise the folder that is shown.
  const folder = () => {
    const ticked = Jupyter.notebook_list.selected;
    return ticked.length === 1 && ticked[0].type === 'directory'
      ? ticked[0].path
      : Jupyter.notebook_list.notebook_path;
  };

  const explain = (title, lines) => {
    dialog.modal({
      title,
      body: $('<div/>').append(
        lines.map((line) => $(line.command ? '<pre/>' : '<p/>').text(line.command || line)),
      ),
      buttons: { [i18n.msg._('Close')]: { class: 'btn-primary' } },
      notebook: null,
      keyboard_manager: Jupyter.keyboard_manager,
    });
  };

  const explainMissing = () =>
    explain(i18n.msg._('Takeout is not running in this Jupyter server'), [
      i18n.msg._(
        'The button is here, but the part of Takeout that reads your files is not installed in the Jupyter server, or not enabled. In a terminal of this server, run:',
      ),
      { command: 'python -m pip install jupyterhub-takeout\njupyter server extension enable takeout.server' },
      i18n.msg._(
        'Then restart the server. On a JupyterHub: Control Panel, Stop My Server, Start My Server; your files stay.',
      ),
    ]);

  const explainUnreachable = () =>
    explain(i18n.msg._('The Jupyter server does not answer'), [
      i18n.msg._('It may have been stopped, or the connection is down. Reload this page and try again.'),
    ]);

  // A byte of a name that is not UTF-8 is a lone surrogate here, and leaves as the byte that it was.
  const escaped = (path) =>
    Array.from(path, (character) => {
      const code = character.codePointAt(0);
      if (code >= 0xdc80 && code <= 0xdcff) {
        return '%' + (code - 0xdc00).toString(16);
      }
      return encodeURIComponent(code >= 0xd800 && code <= 0xdfff ? '\ufffd' : character);
    }).join('');

  // A server without Takeout says 404; whatever else it says, the page itself explains better.
  const openPage = async () => {
    const path = escaped(folder());
    let response;
    try {
      response = await fetch(`${takeoutAddress()}status`, { credentials: 'same-origin' });
    } catch {
      explainUnreachable();
      return;
    }
    if (response.status === 404) {
      explainMissing();
    } else {
      window.open(`${takeoutAddress()}?path=${path}`, '_blank', 'noopener');
    }
  };

  const load_ipython_extension = () => {
    const button = $('<button type="button" class="btn btn-default btn-xs" id="takeout-download"/>')
      .text(i18n.msg._('Download Directory'))
      .attr('title', i18n.msg._('Download everything in this folder as one file'))
      .on('click', openPage);
    $('#notebook_toolbar .tree-buttons .pull-right').prepend($('<div class="btn-group"/>').append(button));
  };

  return { load_ipython_extension };
});
