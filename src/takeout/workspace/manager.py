"""A kernel that is waited for, but not for ever."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_client.manager import AsyncKernelManager

_HEEDS_SECONDS = 10


class PatientManager(AsyncKernelManager):
    """Kills a kernel that does not heed an interrupt, which would be waited for without end.

    Attributes:
        deaf: Whether that happened.
    """

    deaf = False
    _task: asyncio.Task[None] | None = None

    async def interrupt_kernel(self) -> None:  # type: ignore[override] # the parent's is written as an attribute
        """Interrupt the kernel, and give it a while to stop."""
        await self._async_interrupt_kernel()
        self._task = self._task or asyncio.create_task(self._kill_later())

    async def _kill_later(self) -> None:
        await asyncio.sleep(_HEEDS_SECONDS)
        self.deaf = True
        await self._async_kill_kernel()

    def heard(self, **_about: Any) -> None:
        """Note that a cell came to its end."""
        if self._task:
            self._task.cancel()
            self._task = None
