"""Sends every example of the catalogs as messages of code that protoc generated, and reads them back.

Called with where the emitted files lie, the server's address and a key. Says as JSON how many events of each app went there
and back; anything that differs ends it.
"""

import json
import pathlib
import re
import sys
import tempfile
import urllib.error
import urllib.request
import uuid

from google.protobuf import struct_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_tools import protoc
import grpc_tools

EMITTED, SERVER, KEY = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
APPS = sys.argv[4:]
MEDIA_TYPE = "application/x-protobuf"


def generate(app, directory):
    """The module that protoc makes of an app's messages."""
    module = "events_" + app.replace("-", "_")
    source = directory / f"{module}.proto"
    source.write_text((EMITTED / app / "events.proto").read_text())
    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{directory}", f"-I{well_known}", f"--python_out={directory}", str(source)]
    assert protoc.main(arguments) == 0, app
    return __import__(module + "_pb2")


def call(path, body=None, accept="application/json"):
    headers = {"authorization": f"Bearer {KEY}", "accept": accept}
    if body is not None:
        headers["content-type"] = MEDIA_TYPE
    request = urllib.request.Request(SERVER + path, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.headers["content-type"], answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"{path}: {error.code} {error.read().decode()}")


def letters(text):
    return re.sub("[^a-z0-9]", "", text.lower())


def constant(enum, value):
    """The number of a value, by the name of its constant."""
    prefix = letters(enum.name)
    found = [known.number for known in enum.values if letters(known.name) == prefix + letters(value)]
    assert len(found) == 1, (enum.full_name, value)
    return found[0]


def is_repeated(field):
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == FieldDescriptor.LABEL_REPEATED


def fill(message, value):
    """Puts JSON into a message as somebody would who has read the comments."""
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        message.FromJsonString(value)
    elif name == "google.protobuf.Struct":
        message.update(value)
    elif name == "google.protobuf.Value":
        message.CopyFrom(any_value(value))
    elif not isinstance(value, dict) or [field.name for field in message.DESCRIPTOR.fields] == ["value"]:
        put(message, message.DESCRIPTOR.fields_by_name["value"], value)
    else:
        fields = {field.json_name: field for field in message.DESCRIPTOR.fields}
        for member, inner in value.items():
            if inner is None:
                continue
            if member in fields:
                put(message, fields[member], inner)
            else:
                message.further_fields.update({member: inner})


def any_value(value):
    out = struct_pb2.Value()
    if value is None:
        out.null_value = 0
    elif isinstance(value, bool):
        out.bool_value = value
    elif isinstance(value, (int, float)):
        out.number_value = value
    elif isinstance(value, str):
        out.string_value = value
    elif isinstance(value, dict):
        # Filled with nothing it would not be there.
        out.struct_value.SetInParent()
        out.struct_value.update(value)
    else:
        out.list_value.SetInParent()
        out.list_value.extend(value)
    return out


def put(message, field, value):
    if field.message_type and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name["value"]
        target = getattr(message, field.name)
        for key, item in value.items():
            if inner.message_type:
                fill(target[key], item)
            else:
                target[key] = scalar(inner, item)
    elif is_repeated(field):
        for item in value:
            if field.message_type:
                fill(getattr(message, field.name).add(), item)
            else:
                getattr(message, field.name).append(scalar(field, item))
    elif field.message_type:
        target = getattr(message, field.name)
        target.SetInParent()
        fill(target, value)
    else:
        setattr(message, field.name, scalar(field, value))


def scalar(field, value):
    if field.enum_type:
        return constant(field.enum_type, value)
    if field.type == FieldDescriptor.TYPE_STRING:
        return value if isinstance(value, str) else json.dumps(value)
    if field.type == FieldDescriptor.TYPE_INT64:
        return int(value)
    return value


def envelope(event, dialect, name):
    """What the app's own envelope asks for, made up."""
    made_up = {
        "uuid": lambda: str(uuid.uuid4()),
        "object-id": lambda: uuid.uuid4().hex[:24],
        "integer": lambda: "7",
        "string": lambda: "some text",
    }
    for field, spec in dialect.items():
        if field in ("name", "version", "time", "data", "tags", "metadata") or not spec["required"]:
            continue
        value = spec["enum"][0] if "enum" in spec else made_up[spec["as"]]()
        setattr(event, field.replace(".", "_"), value)
    # High priority, which is never sampled out.
    event.priority = "high"
    event.name = name
    event.tags["sent-as"] = "protobuf"
    event.time.GetCurrentTime()
    event.time.nanos -= event.time.nanos % 1000


def round_trip(app, module):
    catalog = json.loads(call(f"/v1/{app}/catalog")[1])
    batch, sent, classes = module.EventBatch(), {}, {}
    for event_type in catalog["events"]:
        if event_type["store"] != "event":
            continue
        for number, example in enumerate(event_type["examples"]):
            event = batch.events.add()
            envelope(event, catalog["dialect"], event_type["name"])
            event.id = str(uuid.uuid4()) if "object-id" != catalog["dialect"].get("id", {}).get("as") else uuid.uuid4().hex[:24]
            prefix = letters(event_type["name"]) + "data"
            named = [found for found in module.DESCRIPTOR.message_types_by_name if letters(found) == prefix]
            assert len(named) == 1, (event_type["name"], named)
            data = getattr(module, named[0])()
            fill(data, example)
            event.data.Pack(data)
            sent[event.id] = (event, data, example)
            classes[data.DESCRIPTOR.full_name] = type(data)
    receipts = json.loads(call(f"/v1/{app}/events", batch.SerializeToString())[1])
    assert receipts["stored"] == len(sent), (app, [receipt for receipt in receipts["receipts"] if receipt["status"] != "stored"])

    back, after = {}, 0
    while True:
        content_type, body = call(f"/v1/{app}/events?after={after}&limit=100", accept=MEDIA_TYPE)
        assert content_type == f'{MEDIA_TYPE}; messageType="{module.EventBatch.DESCRIPTOR.full_name}"', content_type
        page = module.EventBatch.FromString(body)
        if not page.events:
            break
        assert page.next > after
        after = page.next
        back.update((event.id, event) for event in page.events)
    for receipt, (event, data, example) in zip(receipts["receipts"], sent.values()):
        found = back[receipt["id"]]
        assert found.position == receipt["position"] and found.app == app
        assert (found.name, found.time, found.tags["sent-as"]) == (event.name, event.time, "protobuf"), found
        assert found.data.type_url == event.data.type_url, (found.data.type_url, event.data.type_url)
        unpacked = type(data)()
        assert found.data.Unpack(unpacked) and unpacked == data, (app, event.name, unpacked, data)
        one = call(f"/v1/{app}/events/{receipt['id']}?format=protobuf")
        assert one[0].endswith(f'messageType="{module.Event.DESCRIPTOR.full_name}"')
        assert module.Event.FromString(one[1]) == found
        as_json = json.loads(call(f"/v1/{app}/events/{receipt['id']}")[1])
        assert plain(as_json.get("data", {})) == plain(example), (app, event.name, as_json["data"], example)
    # What came out goes in again, and is known.
    again = json.loads(call(f"/v1/{app}/events", batch.SerializeToString())[1])
    assert again["duplicate"] == len(sent), again
    # Also as it came out, with everything that Daybook has put into it.
    page = module.EventBatch(events=back.values())
    again = json.loads(call(f"/v1/{app}/events", page.SerializeToString())[1])
    assert again["duplicate"] == len(back), [receipt for receipt in again["receipts"] if receipt["status"] != "duplicate"]
    return len(sent)


def plain(value):
    """JSON with what messages cannot tell apart made alike."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if inner not in (None, [], {})}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        try:
            stamp = Timestamp()
            stamp.FromJsonString(value)
            return stamp.ToJsonString()
        except ValueError:
            pass
        try:
            return float(value)
        except ValueError:
            return value
    return value


with tempfile.TemporaryDirectory() as directory:
    sys.path.insert(0, directory)
    print(json.dumps({app: round_trip(app, generate(app, pathlib.Path(directory))) for app in APPS}))
