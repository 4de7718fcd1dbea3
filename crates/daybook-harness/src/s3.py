"""An S3 API on a port of 127.0.0.1, of moto: one bucket and one pair of keys, everything in memory.

Called with the port and the bucket; the keys are in the environment, where tools of that cloud look for them. What is in
the bucket is told at a path that no bucket has, a name a line.
"""

import os
import sys

# Every call has to be signed, by somebody who may do what is called.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"

from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import run_simple

ACCOUNT = "123456789012"
EVERYTHING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'


def admit(key, secret):
    iam = iam_backends[ACCOUNT]["aws"]
    user = iam.create_user(region_name="us-east-1", user_name="daybook")
    made = user.create_access_key("AKIA")
    made.access_key_id, made.secret_access_key = key, secret
    iam.put_user_policy("daybook", "everything", EVERYTHING)


def objects_or(app, bucket):
    def answer(environ, start_response):
        if environ["PATH_INFO"] != "/-/objects":
            return app(environ, start_response)
        names = s3_backends[ACCOUNT]["aws"].buckets[bucket].keys.keys()
        text = "".join(f"{name}\n" for name in sorted(names)).encode()
        start_response("200 OK", [("content-type", "text/plain"), ("content-length", str(len(text)))])
        return [text]

    return answer


port, bucket = int(sys.argv[1]), sys.argv[2]
admit(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
s3_backends[ACCOUNT]["aws"].create_bucket(bucket, "us-east-1")
app = objects_or(DomainDispatcherApplication(create_backend_app), bucket)
run_simple("127.0.0.1", port, app, threaded=True)
