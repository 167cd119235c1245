"""`devices`: where push messages are shown to a customer."""

import json
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, refuse, with_place, with_store
from xconnector.entrypoints.cli.showing import show_json, show_table, when

if TYPE_CHECKING:
    from xconnector.pipeline.workplace import Workplace
    from xconnector.postgres.connect import Pool
    from xconnector.store.devices import KnownDevice

app = typer.Typer(help="Devices of customers, on which push messages are shown.", no_args_is_help=True)

Customer = Annotated[str, typer.Argument(help="Key of the customer.")]
_ACTOR = "cli"


@app.command()
def add(
    customer: Customer,
    connection: Annotated[str, typer.Argument(help="The connection that pushes there, such as browser.")],
    address: Annotated[str, typer.Argument(help="The token, or the subscription in JSON as the browser gives it.")],
    app_name: Annotated[str, typer.Option("--app", help="Which app it is.")] = "",
    folder: ProjectFolder = HERE,
) -> None:
    """Register a device, or say that it is still there; one that another customer had moves."""
    from xconnector.operations.devices import DeviceRefusedError, Registration, register_device

    try:
        told = json.loads(address) if address.startswith("{") else address
    except ValueError:
        refuse("the subscription is no JSON; write it as the browser gives it")
    registration = Registration(customer_key=customer, connection=connection, address=told, app=app_name)

    async def work(place: "Workplace") -> UUID:
        return await register_device(place.pool, place.connections, registration, actor=_ACTOR)

    try:
        device_id = with_place(folder, work)
    except DeviceRefusedError as why:
        refuse(str(why))
    typer.echo(str(device_id))


@app.command(name="list")
def list_devices(customer: Customer, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show a customer's devices, the gone ones too; never their addresses."""
    from xconnector.operations.devices import devices_of

    async def work(pool: "Pool") -> "list[KnownDevice]":
        return await devices_of(pool, customer)

    found = with_store(folder, work)
    if as_json:
        show_json(found)
        return
    show_table(
        "Devices",
        ["device", "connection", "app", "seen", "gone", "because"],
        [
            (str(one.device_id), one.connection, one.app, when(one.seen_at), when(one.gone_at), one.gone_reason)
            for one in found
        ],
    )


@app.command()
def remove(
    customer: Customer,
    device: Annotated[UUID, typer.Argument(help="Id of the device.")],
    folder: ProjectFolder = HERE,
) -> None:
    """Forget a device: nothing is shown there any more."""
    from xconnector.operations.devices import take_out_device

    async def work(pool: "Pool") -> bool:
        return await take_out_device(pool, customer, device, actor=_ACTOR)

    if not with_store(folder, work):
        refuse(f"{customer} has no such device; `xconnector devices list {customer}` shows all")
    typer.echo("Nothing is shown there any more.")
