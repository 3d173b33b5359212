"""So many bytes at once."""

import asyncio

from tileserver.gate import Scales


def test_scales_let_in_what_fits_together() -> None:
    """So many bytes at once, in the order of arrival; what alone is too much comes in alone."""

    async def weigh() -> list[str]:
        scales, seen = Scales(100), []
        most = 0

        async def work(name: str, nbytes: int) -> None:
            nonlocal most
            async with scales.holding(nbytes):
                most = max(most, scales.held_bytes if nbytes <= 100 else 0)
                seen.append(name)
                await asyncio.sleep(0.001)

        await asyncio.gather(
            *(work(n, b) for n, b in zip("abcde", (60, 30, 50, 500, 10), strict=True))
        )
        assert most <= 100
        assert scales.held_bytes == 0
        return seen

    assert asyncio.run(weigh()) == ["a", "b", "c", "d", "e"]


def test_scales_survive_who_goes_away() -> None:
    """Waiting or just let in: the place is another's."""

    async def weigh() -> None:
        scales = Scales(10)

        async def work() -> None:
            async with scales.holding(10):
                await asyncio.sleep(0.01)

        tasks = [asyncio.create_task(work()) for _ in range(5)]
        await asyncio.sleep(0.001)
        for task in tasks[:3]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert scales.held_bytes == 0
        assert not any(task.cancelled() for task in tasks[3:])

    asyncio.run(weigh())
