import { ServerConnection } from '@jupyterlab/services';

import { takeoutAddress } from './address';

/** Whether the half of Takeout that runs inside the Jupyter server answers. */
export enum ServerHalf {
  Ready,
  Missing,
  Unreachable,
}

/**
 * Ask the Jupyter server for Takeout's status. A server without Takeout says 404; whatever else it says, the page
 * itself explains better.
 */
export async function askServer(settings: ServerConnection.ISettings): Promise<ServerHalf> {
  try {
    const response = await ServerConnection.makeRequest(
      `${takeoutAddress(settings.baseUrl)}status`,
      { method: 'GET' },
      settings,
    );
    return response.status === 404 ? ServerHalf.Missing : ServerHalf.Ready;
  } catch (error) {
    if (error instanceof ServerConnection.NetworkError) {
      return ServerHalf.Unreachable;
    }
    throw error;
  }
}
