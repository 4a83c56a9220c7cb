# stdout: (ToolError('no luck'),)
import asyncio

import tools


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(tools.aio.never())
            group.create_task(tools.aio.fail())
    except* tools.ToolError as failed:
        print(failed.exceptions)


asyncio.run(main())
