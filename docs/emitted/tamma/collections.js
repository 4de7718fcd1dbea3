// Collections of Tamma, catalog tamma 1.1.0, for mongosh.
// Written by `daybook emit mongodb --app tamma`; changes belong in the catalog.
//
// A validator knows no defaults, no formats and no references: references are written out, a UUID
// is binary data or text, a date is a date of BSON (in the data of events also text, as it is
// sent), a decimal any number, and other formats are text. Fields that may be missing may be null.
// A document's primary key is `_id`. Keywords that a validator does not have are named in the
// description of the schema that uses them. Consent, sampling and retention are Daybook's, and
// nothing of them is here.

// What happened.
db.createCollection("events", {
  "validator": {
    "$jsonSchema": {
      "bsonType": "object",
      "required": [
        "_id",
        "eventType",
        "schemaVersion",
        "timestamp",
        "actorType",
        "actorId",
        "correlationId",
        "metadata",
        "payload"
      ],
      "properties": {
        "_id": {
          "bsonType": [
            "binData",
            "string"
          ],
          "description": "The event's id."
        },
        "eventType": {
          "description": "The event type."
        },
        "schemaVersion": {
          "bsonType": "string",
          "description": "The version of the event type."
        },
        "timestamp": {
          "bsonType": "date",
          "description": "When it happened."
        },
        "actorType": {
          "enum": [
            "user",
            "system",
            "ai",
            "service"
          ]
        },
        "actorId": {
          "bsonType": "string",
          "description": "The actor."
        },
        "correlationId": {
          "bsonType": "string",
          "description": "The workflow it belongs to."
        },
        "causationId": {
          "bsonType": [
            "string",
            "null"
          ],
          "description": "The event that caused it."
        },
        "metadata": {
          "bsonType": "object",
          "description": "What else came with the event.",
          "required": [
            "source",
            "environment"
          ],
          "properties": {
            "stepId": {
              "bsonType": [
                "string",
                "null"
              ],
              "description": "The request, for tracing."
            },
            "source": {
              "enum": [
                "orchestrator",
                "worker",
                "api",
                "cli"
              ]
            },
            "environment": {
              "bsonType": "string",
              "description": "Where it ran: production, staging, …"
            },
            "tags": {
              "bsonType": [
                "object",
                "null"
              ],
              "description": "Tags."
            }
          }
        },
        "payload": {
          "bsonType": "object",
          "description": "What the event type's schema describes."
        }
      },
      "anyOf": [
        {
          "properties": {
            "eventType": {
              "enum": [
                "AI.ERROR.OCCURRED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "requestId": {
                  "bsonType": "string",
                  "description": "The request that failed."
                },
                "provider": {
                  "bsonType": "string",
                  "description": "Provider asked."
                },
                "model": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Model asked."
                },
                "errorCode": {
                  "bsonType": "string",
                  "description": "What went wrong, in the provider's code or the loop's own."
                },
                "message": {
                  "bsonType": "string",
                  "description": "What went wrong, in words."
                },
                "httpStatus": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 100,
                  "maximum": 599,
                  "description": "Status of the answer."
                },
                "retryable": {
                  "bsonType": "bool",
                  "description": "Whether trying again may help."
                },
                "attempt": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Which attempt failed."
                },
                "retryAfterMs": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Time the provider asked to wait, in milliseconds."
                },
                "repository": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it was for."
                }
              },
              "required": [
                "requestId",
                "provider",
                "errorCode",
                "message",
                "retryable"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "A request to a model failed."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "AI.PROVIDER.SELECTED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "task": {
                  "bsonType": "string",
                  "description": "The task, such as `code-generation` or `review`."
                },
                "provider": {
                  "bsonType": "string",
                  "description": "Provider chosen."
                },
                "model": {
                  "bsonType": "string",
                  "description": "Model chosen."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why this one."
                },
                "policy": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Name of the rule that decided, where one did."
                },
                "candidates": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "What else was weighed, with what spoke for or against it.",
                  "items": {
                    "bsonType": "object",
                    "properties": {
                      "provider": {
                        "bsonType": "string",
                        "description": "Provider weighed."
                      },
                      "model": {
                        "bsonType": "string",
                        "description": "Model weighed."
                      },
                      "score": {
                        "bsonType": [
                          "double",
                          "int",
                          "long",
                          "null"
                        ],
                        "description": "How well it did, higher being better."
                      },
                      "rejectedBecause": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "Why not."
                      }
                    },
                    "required": [
                      "provider",
                      "model"
                    ]
                  }
                },
                "repository": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is for."
                }
              },
              "required": [
                "task",
                "provider",
                "model",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "The loop decided which model gets a task."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "AI.REQUEST.STARTED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "requestId": {
                  "bsonType": "string",
                  "description": "The request, for its response or error to name."
                },
                "provider": {
                  "bsonType": "string",
                  "description": "Provider asked."
                },
                "model": {
                  "bsonType": "string",
                  "description": "Model asked."
                },
                "purpose": {
                  "bsonType": "string",
                  "description": "What it was asked for, such as `code-generation` or `review`."
                },
                "promptDigest": {
                  "bsonType": "string",
                  "description": "Everything that was sent.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "promptReference": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where the whole content lies, as a URI. Not checked here: of the format uri."
                },
                "promptTokens": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Tokens sent, as counted beforehand."
                },
                "parameters": {
                  "bsonType": [
                    "object",
                    "null"
                  ],
                  "description": "Settings of the request, such as temperature and limits."
                },
                "attempt": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Which attempt this is."
                },
                "repository": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is for."
                },
                "resourcesAccessed": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "What the prompt contains of other things.",
                  "items": {
                    "bsonType": "object",
                    "description": "Something the loop looked at to come to what the event says.",
                    "properties": {
                      "kind": {
                        "bsonType": "string",
                        "description": "Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`."
                      },
                      "id": {
                        "bsonType": "string",
                        "description": "Which one: a path, a number, an address."
                      },
                      "digest": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "Content at the time.",
                        "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                      },
                      "classification": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "How confidential it is, as the owner classifies it."
                      }
                    },
                    "required": [
                      "kind",
                      "id"
                    ]
                  }
                },
                "reason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Why it was asked, where the purpose does not say it."
                }
              },
              "required": [
                "requestId",
                "provider",
                "model",
                "purpose",
                "promptDigest"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "A request went out to a model."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "AI.RESPONSE.RECEIVED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "requestId": {
                  "bsonType": "string",
                  "description": "The request it answers."
                },
                "provider": {
                  "bsonType": "string",
                  "description": "Provider that answered."
                },
                "model": {
                  "bsonType": "string",
                  "description": "Model that answered, which may be a dated form of the one asked."
                },
                "responseDigest": {
                  "bsonType": "string",
                  "description": "Everything that came back.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "responseReference": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where the whole content lies, as a URI. Not checked here: of the format uri."
                },
                "finishReason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Why it stopped, in the provider's word."
                },
                "inputTokens": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Tokens charged for what was sent."
                },
                "outputTokens": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Tokens charged for what came back."
                },
                "costUsd": {
                  "bsonType": [
                    "decimal",
                    "double",
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Price of the whole exchange, in US dollars."
                },
                "durationMs": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "From request to the end of the answer, in milliseconds."
                },
                "toolCalls": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "What the model asked to be done, in order.",
                  "items": {
                    "bsonType": "object",
                    "properties": {
                      "name": {
                        "bsonType": "string",
                        "description": "Tool called."
                      },
                      "argumentsDigest": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "What it was called with.",
                        "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                      }
                    },
                    "required": [
                      "name"
                    ]
                  }
                },
                "repository": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is for."
                },
                "resourcesAccessed": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "What the model read on the way, by its tools.",
                  "items": {
                    "bsonType": "object",
                    "description": "Something the loop looked at to come to what the event says.",
                    "properties": {
                      "kind": {
                        "bsonType": "string",
                        "description": "Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`."
                      },
                      "id": {
                        "bsonType": "string",
                        "description": "Which one: a path, a number, an address."
                      },
                      "digest": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "Content at the time.",
                        "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                      },
                      "classification": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "How confidential it is, as the owner classifies it."
                      }
                    },
                    "required": [
                      "kind",
                      "id"
                    ]
                  }
                }
              },
              "required": [
                "requestId",
                "provider",
                "model",
                "responseDigest",
                "inputTokens",
                "outputTokens",
                "durationMs"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "A model answered."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "APPROVAL.PROVIDED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "approvalId": {
                  "bsonType": "string",
                  "description": "The question answered."
                },
                "approver": {
                  "bsonType": "string",
                  "description": "Login of whoever decided."
                },
                "decision": {
                  "bsonType": "string",
                  "enum": [
                    "approved",
                    "approved-with-conditions"
                  ],
                  "description": "How far the agreement goes."
                },
                "conditions": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "What it depends on, where it does."
                },
                "subjectDigest": {
                  "bsonType": "string",
                  "description": "Exactly what was approved.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "comment": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What the person wrote, if anything."
                },
                "channel": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where the answer was given, such as `web`, `cli` or `pull-request`."
                },
                "authentication": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "How the person had proved who they are, such as `passkey`."
                },
                "repository": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is about."
                },
                "pullRequestNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Pull request it is about."
                },
                "reason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Why it was agreed to, as the person gave it."
                },
                "resourcesAccessed": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "What the person was shown or opened for it.",
                  "items": {
                    "bsonType": "object",
                    "description": "Something the loop looked at to come to what the event says.",
                    "properties": {
                      "kind": {
                        "bsonType": "string",
                        "description": "Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`."
                      },
                      "id": {
                        "bsonType": "string",
                        "description": "Which one: a path, a number, an address."
                      },
                      "digest": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "Content at the time.",
                        "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                      },
                      "classification": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "How confidential it is, as the owner classifies it."
                      }
                    },
                    "required": [
                      "kind",
                      "id"
                    ]
                  }
                }
              },
              "required": [
                "approvalId",
                "approver",
                "decision",
                "subjectDigest"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "A person agreed to what the loop asked for."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "APPROVAL.REJECTED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "approvalId": {
                  "bsonType": "string",
                  "description": "The question answered."
                },
                "approver": {
                  "bsonType": "string",
                  "description": "Login of whoever decided."
                },
                "subjectDigest": {
                  "bsonType": "string",
                  "description": "Exactly what was turned down.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why."
                },
                "requestedChanges": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "What would have to be different."
                },
                "channel": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where the answer was given, such as `web`, `cli` or `pull-request`."
                },
                "authentication": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "How the person had proved who they are, such as `passkey`."
                },
                "repository": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is about."
                },
                "pullRequestNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Pull request it is about."
                },
                "resourcesAccessed": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "What the person was shown or opened for it.",
                  "items": {
                    "bsonType": "object",
                    "description": "Something the loop looked at to come to what the event says.",
                    "properties": {
                      "kind": {
                        "bsonType": "string",
                        "description": "Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`."
                      },
                      "id": {
                        "bsonType": "string",
                        "description": "Which one: a path, a number, an address."
                      },
                      "digest": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "Content at the time.",
                        "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                      },
                      "classification": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "How confidential it is, as the owner classifies it."
                      }
                    },
                    "required": [
                      "kind",
                      "id"
                    ]
                  }
                }
              },
              "required": [
                "approvalId",
                "approver",
                "subjectDigest",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "A person said no to what the loop asked for."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "APPROVAL.REQUESTED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "approvalId": {
                  "bsonType": "string",
                  "description": "The question, for the answer to name."
                },
                "subject": {
                  "bsonType": "string",
                  "description": "What is to be approved, such as `plan`, `merge` or `config-change`."
                },
                "subjectDigest": {
                  "bsonType": "string",
                  "description": "Exactly what is to be approved.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "subjectReference": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where the whole content lies, as a URI. Not checked here: of the format uri."
                },
                "summary": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What people are told of it."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why the loop may not decide this alone."
                },
                "risk": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "enum": [
                    "low",
                    "medium",
                    "high",
                    null
                  ],
                  "description": "How much depends on it."
                },
                "requestedFrom": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "People or groups asked."
                },
                "expiresAt": {
                  "bsonType": [
                    "date",
                    "string",
                    "null"
                  ],
                  "description": "When silence becomes an escalation."
                },
                "repository": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is about."
                },
                "pullRequestNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Pull request it is about."
                }
              },
              "required": [
                "approvalId",
                "subject",
                "subjectDigest",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "The loop stopped to ask people before it goes on."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "CODE.COMMIT.CREATED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "repository": {
                  "bsonType": "string",
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "branch": {
                  "bsonType": "string",
                  "description": "Branch committed to."
                },
                "commit": {
                  "bsonType": "string",
                  "description": "Full id of a Git commit.",
                  "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"
                },
                "parents": {
                  "bsonType": "array",
                  "items": {
                    "bsonType": "string",
                    "description": "Full id of a Git commit.",
                    "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"
                  },
                  "description": "Commits it builds on; none for the first."
                },
                "message": {
                  "bsonType": "string",
                  "description": "The message, whole."
                },
                "author": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Login of the author; what Git records of them is in the commit."
                },
                "filesChanged": {
                  "bsonType": "array",
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "Paths it touches."
                },
                "linesAdded": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Lines that are new."
                },
                "linesRemoved": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Lines that are gone."
                },
                "signed": {
                  "bsonType": [
                    "bool",
                    "null"
                  ],
                  "description": "Whether it carries a signature."
                },
                "signedBy": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Fingerprint of what it is signed with, where it is."
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is for."
                },
                "reason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Why these changes belong together, as the loop sees it."
                },
                "diffDigest": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "The difference to its first parent.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "diffReference": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where the whole content lies, as a URI. Not checked here: of the format uri."
                }
              },
              "required": [
                "repository",
                "branch",
                "commit",
                "parents",
                "message",
                "filesChanged"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "The loop committed its changes."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "CODE.FILE.CREATED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "repository": {
                  "bsonType": "string",
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "branch": {
                  "bsonType": "string",
                  "description": "Branch it was written on."
                },
                "path": {
                  "bsonType": "string",
                  "description": "Path from the root of the repository, with forward slashes."
                },
                "digestAfter": {
                  "bsonType": "string",
                  "description": "The content.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "sizeBytes": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Size of the content."
                },
                "linesAdded": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Lines it has."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why it is needed."
                },
                "requestId": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Request to a model that it came from, where it did."
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is for."
                },
                "resourcesAccessed": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "Everything that was read for it.",
                  "items": {
                    "bsonType": "object",
                    "description": "Something the loop looked at to come to what the event says.",
                    "properties": {
                      "kind": {
                        "bsonType": "string",
                        "description": "Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`."
                      },
                      "id": {
                        "bsonType": "string",
                        "description": "Which one: a path, a number, an address."
                      },
                      "digest": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "Content at the time.",
                        "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                      },
                      "classification": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "How confidential it is, as the owner classifies it."
                      }
                    },
                    "required": [
                      "kind",
                      "id"
                    ]
                  }
                }
              },
              "required": [
                "repository",
                "branch",
                "path",
                "digestAfter",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "The loop wrote a file that was not there."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "CODE.FILE.DELETED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "repository": {
                  "bsonType": "string",
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "branch": {
                  "bsonType": "string",
                  "description": "Branch it was removed on."
                },
                "path": {
                  "bsonType": "string",
                  "description": "Path it had, from the root of the repository."
                },
                "digestBefore": {
                  "bsonType": "string",
                  "description": "The content it had.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "linesRemoved": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Lines it had."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why it is not needed any more."
                },
                "requestId": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Request to a model that it came from, where it did."
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is for."
                },
                "resourcesAccessed": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "Everything that was read for it.",
                  "items": {
                    "bsonType": "object",
                    "description": "Something the loop looked at to come to what the event says.",
                    "properties": {
                      "kind": {
                        "bsonType": "string",
                        "description": "Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`."
                      },
                      "id": {
                        "bsonType": "string",
                        "description": "Which one: a path, a number, an address."
                      },
                      "digest": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "Content at the time.",
                        "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                      },
                      "classification": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "How confidential it is, as the owner classifies it."
                      }
                    },
                    "required": [
                      "kind",
                      "id"
                    ]
                  }
                }
              },
              "required": [
                "repository",
                "branch",
                "path",
                "digestBefore",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "The loop removed a file."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "CODE.FILE.UPDATED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "repository": {
                  "bsonType": "string",
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "branch": {
                  "bsonType": "string",
                  "description": "Branch it was changed on."
                },
                "path": {
                  "bsonType": "string",
                  "description": "Path from the root of the repository, with forward slashes."
                },
                "previousPath": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Path before, where it was moved as well."
                },
                "digestBefore": {
                  "bsonType": "string",
                  "description": "The content before.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "digestAfter": {
                  "bsonType": "string",
                  "description": "The content after.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "diffDigest": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "The difference between the two.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "diffReference": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where the whole content lies, as a URI. Not checked here: of the format uri."
                },
                "linesAdded": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Lines that are new."
                },
                "linesRemoved": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Lines that are gone."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why it was changed."
                },
                "requestId": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Request to a model that it came from, where it did."
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is for."
                },
                "resourcesAccessed": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "Everything that was read for it.",
                  "items": {
                    "bsonType": "object",
                    "description": "Something the loop looked at to come to what the event says.",
                    "properties": {
                      "kind": {
                        "bsonType": "string",
                        "description": "Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`."
                      },
                      "id": {
                        "bsonType": "string",
                        "description": "Which one: a path, a number, an address."
                      },
                      "digest": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "Content at the time.",
                        "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                      },
                      "classification": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "How confidential it is, as the owner classifies it."
                      }
                    },
                    "required": [
                      "kind",
                      "id"
                    ]
                  }
                }
              },
              "required": [
                "repository",
                "branch",
                "path",
                "digestBefore",
                "digestAfter",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "The loop changed a file."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "CONFIG.CHANGED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "scope": {
                  "bsonType": "string",
                  "description": "What it applies to, such as `global` or `project:acme/checkout`."
                },
                "key": {
                  "bsonType": "string",
                  "description": "The setting, dotted."
                },
                "before": {
                  "description": "Value before; null where it was not set, a digest where it is a secret."
                },
                "after": {
                  "description": "Value after; null where it is not set any more, a digest where it is a secret."
                },
                "secret": {
                  "bsonType": [
                    "bool",
                    "null"
                  ],
                  "description": "Whether the value is one, so that only digests stand here."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why it was changed."
                },
                "approvalId": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Approval it rests on, where it needs one."
                }
              },
              "required": [
                "scope",
                "key",
                "before",
                "after",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "A setting has another value than before."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "CONFIG.PLATFORM.ADDED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "platform": {
                  "bsonType": "string",
                  "description": "Name it is called by."
                },
                "kind": {
                  "bsonType": "string",
                  "description": "Kind of platform, such as `github` or `gitlab`."
                },
                "endpoint": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where it is reached. Not checked here: of the format uri."
                },
                "repositories": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "Repositories to work on, patterns allowed."
                },
                "permissions": {
                  "bsonType": "array",
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "What the loop may do there."
                },
                "credentialName": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Name of the secret used for it, never the secret."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why it was added."
                },
                "approvalId": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Approval it rests on, where it needs one."
                }
              },
              "required": [
                "platform",
                "kind",
                "permissions",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "A platform that hosts repositories may be worked on from now on."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "CONFIG.PROVIDER.ADDED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "provider": {
                  "bsonType": "string",
                  "description": "Name it is called by."
                },
                "kind": {
                  "bsonType": "string",
                  "description": "Kind of interface it speaks, such as `anthropic` or `openai-compatible`."
                },
                "endpoint": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where it is reached. Not checked here: of the format uri."
                },
                "models": {
                  "bsonType": "array",
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "Models that may be used."
                },
                "region": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where the data goes, as far as the provider promises."
                },
                "credentialName": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Name of the secret used for it, never the secret."
                },
                "enabled": {
                  "bsonType": [
                    "bool",
                    "null"
                  ],
                  "description": "Whether it is in use at once."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why it was added."
                },
                "approvalId": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Approval it rests on, where it needs one."
                }
              },
              "required": [
                "provider",
                "kind",
                "models",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "A provider of models may be used from now on."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "GIT.BRANCH.CREATED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "repository": {
                  "bsonType": "string",
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "branch": {
                  "bsonType": "string",
                  "description": "The new branch."
                },
                "baseBranch": {
                  "bsonType": "string",
                  "description": "Branch it starts from."
                },
                "baseCommit": {
                  "bsonType": "string",
                  "description": "Commit it starts from.",
                  "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"
                },
                "reason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What it is for."
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is for."
                }
              },
              "required": [
                "repository",
                "branch",
                "baseBranch",
                "baseCommit"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "The loop made a branch to work on."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "GIT.PULL_REQUEST.CREATED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "repository": {
                  "bsonType": "string",
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "pullRequestNumber": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "Number within the repository."
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it solves."
                },
                "title": {
                  "bsonType": "string",
                  "description": "Title."
                },
                "url": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where a person can read it. Not checked here: of the format uri."
                },
                "branch": {
                  "bsonType": "string",
                  "description": "Branch to be merged."
                },
                "baseBranch": {
                  "bsonType": "string",
                  "description": "Branch it is to be merged into."
                },
                "headCommit": {
                  "bsonType": "string",
                  "description": "Last commit of the branch.",
                  "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"
                },
                "bodyDigest": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Its description as posted.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "draft": {
                  "bsonType": [
                    "bool",
                    "null"
                  ],
                  "description": "Whether it is marked as not ready."
                },
                "reviewersRequested": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "Logins of the people asked to review."
                },
                "diffDigest": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What it would change in the branch it is meant for.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "reason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Why it was opened."
                }
              },
              "required": [
                "repository",
                "pullRequestNumber",
                "title",
                "branch",
                "baseBranch",
                "headCommit"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "The loop opened a pull request."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "GIT.PULL_REQUEST.MERGED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "repository": {
                  "bsonType": "string",
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "pullRequestNumber": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "Number within the repository."
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it solves."
                },
                "baseBranch": {
                  "bsonType": "string",
                  "description": "Branch merged into."
                },
                "baseCommitBefore": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Its last commit before.",
                  "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"
                },
                "headCommit": {
                  "bsonType": "string",
                  "description": "Last commit merged, the one that was approved.",
                  "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"
                },
                "commit": {
                  "bsonType": "string",
                  "description": "Commit that came of it.",
                  "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"
                },
                "method": {
                  "bsonType": "string",
                  "enum": [
                    "merge",
                    "squash",
                    "rebase"
                  ],
                  "description": "How the histories were joined."
                },
                "mergedBy": {
                  "bsonType": "string",
                  "description": "Login of whoever merged."
                },
                "approvalIds": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "Approvals it rests on."
                },
                "approvedBy": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "Logins of the people who approved."
                },
                "checks": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "Automatic checks of the last commit.",
                  "items": {
                    "bsonType": "object",
                    "properties": {
                      "name": {
                        "bsonType": "string",
                        "description": "The check."
                      },
                      "conclusion": {
                        "bsonType": "string",
                        "description": "How it ended."
                      }
                    },
                    "required": [
                      "name",
                      "conclusion"
                    ]
                  }
                },
                "reason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Why it could be merged, such as the rule that allows it."
                },
                "diffDigest": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What it changed in the branch merged into.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                }
              },
              "required": [
                "repository",
                "pullRequestNumber",
                "baseBranch",
                "headCommit",
                "commit",
                "method",
                "mergedBy"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "A pull request of the loop became part of the branch it was meant for."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "GIT.PULL_REQUEST.UPDATED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "repository": {
                  "bsonType": "string",
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "pullRequestNumber": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "Number within the repository."
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it solves."
                },
                "changes": {
                  "bsonType": "array",
                  "minItems": 1,
                  "description": "What is different, field by field; commits show as a change of `headCommit`.",
                  "items": {
                    "bsonType": "object",
                    "properties": {
                      "field": {
                        "bsonType": "string",
                        "description": "What changed."
                      },
                      "before": {
                        "description": "Value before; null for none."
                      },
                      "after": {
                        "description": "Value after; null for none."
                      }
                    },
                    "required": [
                      "field",
                      "before",
                      "after"
                    ]
                  }
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why it was changed."
                }
              },
              "required": [
                "repository",
                "pullRequestNumber",
                "changes",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "A pull request of the loop changed, by new commits or in what is written on it."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "ISSUE.ANALYSIS.COMPLETED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "repository": {
                  "bsonType": "string",
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "Number within the repository."
                },
                "summary": {
                  "bsonType": "string",
                  "description": "What the issue comes down to."
                },
                "approach": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "How it is going to be solved."
                },
                "alternativesRejected": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "Ways that were weighed and not taken.",
                  "items": {
                    "bsonType": "object",
                    "properties": {
                      "approach": {
                        "bsonType": "string",
                        "description": "The way."
                      },
                      "reason": {
                        "bsonType": "string",
                        "description": "Why not."
                      }
                    },
                    "required": [
                      "approach",
                      "reason"
                    ]
                  }
                },
                "risks": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "What could go wrong."
                },
                "complexity": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "enum": [
                    "low",
                    "medium",
                    "high",
                    null
                  ],
                  "description": "How hard it looks."
                },
                "confidence": {
                  "bsonType": [
                    "double",
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "maximum": 1,
                  "description": "How sure the loop is of its understanding."
                },
                "durationMs": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Time the analysis took, in milliseconds."
                },
                "reportDigest": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "The full report.",
                  "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                },
                "reportReference": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where the whole content lies, as a URI. Not checked here: of the format uri."
                },
                "resourcesAccessed": {
                  "bsonType": "array",
                  "description": "Everything that was read for it.",
                  "items": {
                    "bsonType": "object",
                    "description": "Something the loop looked at to come to what the event says.",
                    "properties": {
                      "kind": {
                        "bsonType": "string",
                        "description": "Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`."
                      },
                      "id": {
                        "bsonType": "string",
                        "description": "Which one: a path, a number, an address."
                      },
                      "digest": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "Content at the time.",
                        "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                      },
                      "classification": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "How confidential it is, as the owner classifies it."
                      }
                    },
                    "required": [
                      "kind",
                      "id"
                    ]
                  }
                },
                "reason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Why this way, and not one of the others."
                }
              },
              "required": [
                "repository",
                "issueNumber",
                "summary",
                "resourcesAccessed"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "The loop finished reading up on an issue and knows how it means to solve it."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "ISSUE.ASSIGNED.SUCCESS"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "repository": {
                  "bsonType": "string",
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "Number within the repository."
                },
                "assignee": {
                  "bsonType": "string",
                  "description": "Login it is assigned to, the loop's own or a person's."
                },
                "previousAssignee": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Login it was assigned to before; null for nobody."
                },
                "reason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Why it changed hands."
                }
              },
              "required": [
                "repository",
                "issueNumber",
                "assignee"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "An issue was assigned, usually to the loop itself, so that nobody else starts on it."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "ISSUE.SELECTED.SUCCESS"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "repository": {
                  "bsonType": "string",
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "Number within the repository."
                },
                "title": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Title at the time."
                },
                "url": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where a person can read it. Not checked here: of the format uri."
                },
                "author": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Login of whoever opened it."
                },
                "labels": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "Labels at the time."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why this one."
                },
                "criteria": {
                  "bsonType": [
                    "object",
                    "null"
                  ],
                  "description": "The rules it was chosen by, with the values they took."
                },
                "candidatesConsidered": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issues that were weighed, this one included."
                },
                "resourcesAccessed": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "Everything that was read for it.",
                  "items": {
                    "bsonType": "object",
                    "description": "Something the loop looked at to come to what the event says.",
                    "properties": {
                      "kind": {
                        "bsonType": "string",
                        "description": "Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`."
                      },
                      "id": {
                        "bsonType": "string",
                        "description": "Which one: a path, a number, an address."
                      },
                      "digest": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "Content at the time.",
                        "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                      },
                      "classification": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "How confidential it is, as the owner classifies it."
                      }
                    },
                    "required": [
                      "kind",
                      "id"
                    ]
                  }
                }
              },
              "required": [
                "repository",
                "issueNumber",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "The loop chose an issue to work on next."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "SYSTEM.ERROR.OCCURRED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "component": {
                  "bsonType": "string",
                  "description": "Component that failed."
                },
                "operation": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What it was doing."
                },
                "errorCode": {
                  "bsonType": "string",
                  "description": "What went wrong, as a code."
                },
                "message": {
                  "bsonType": "string",
                  "description": "What went wrong, in words."
                },
                "severity": {
                  "bsonType": "string",
                  "enum": [
                    "warning",
                    "error",
                    "critical"
                  ],
                  "description": "How bad it is."
                },
                "recovered": {
                  "bsonType": [
                    "bool",
                    "null"
                  ],
                  "description": "Whether the component went on by itself."
                },
                "stackTrace": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where in the program, cut short where it is long."
                },
                "context": {
                  "bsonType": [
                    "object",
                    "null"
                  ],
                  "description": "Values that help to understand it, without secrets."
                },
                "repository": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue that was worked on."
                }
              },
              "required": [
                "component",
                "errorCode",
                "message",
                "severity"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "A component of the loop itself failed."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "SYSTEM.ESCALATION.RESOLVED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "escalationId": {
                  "bsonType": "string",
                  "description": "The escalation."
                },
                "resolution": {
                  "bsonType": "string",
                  "description": "What became of it, such as `fixed`, `overridden` or `abandoned`."
                },
                "resolvedBy": {
                  "bsonType": "string",
                  "description": "Login of whoever dealt with it."
                },
                "reason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Why it was decided so."
                },
                "summary": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What was done."
                },
                "openSeconds": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "From call to resolution, in seconds."
                },
                "repository": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is about."
                },
                "pullRequestNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Pull request it is about."
                },
                "changes": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "What whoever dealt with it made different, field by field.",
                  "items": {
                    "bsonType": "object",
                    "description": "One thing that has another value than before.",
                    "properties": {
                      "field": {
                        "bsonType": "string",
                        "description": "What changed."
                      },
                      "before": {
                        "description": "Value before; null for none."
                      },
                      "after": {
                        "description": "Value after; null for none."
                      }
                    },
                    "required": [
                      "field",
                      "before",
                      "after"
                    ]
                  }
                },
                "resourcesAccessed": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "What they looked at for it.",
                  "items": {
                    "bsonType": "object",
                    "description": "Something the loop looked at to come to what the event says.",
                    "properties": {
                      "kind": {
                        "bsonType": "string",
                        "description": "Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`."
                      },
                      "id": {
                        "bsonType": "string",
                        "description": "Which one: a path, a number, an address."
                      },
                      "digest": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "Content at the time.",
                        "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"
                      },
                      "classification": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "How confidential it is, as the owner classifies it."
                      }
                    },
                    "required": [
                      "kind",
                      "id"
                    ]
                  }
                }
              },
              "required": [
                "escalationId",
                "resolution",
                "resolvedBy"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "An escalation was dealt with, and the loop goes on or stops for good."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "SYSTEM.ESCALATION.TRIGGERED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "escalationId": {
                  "bsonType": "string",
                  "description": "The escalation, for its resolution to name."
                },
                "trigger": {
                  "bsonType": "string",
                  "description": "Rule that fired, such as `retries-exhausted` or `approval-expired`."
                },
                "severity": {
                  "bsonType": "string",
                  "enum": [
                    "low",
                    "medium",
                    "high",
                    "critical"
                  ],
                  "description": "How much it matters."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why the loop cannot go on alone."
                },
                "summary": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What people are told of it."
                },
                "attempts": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "Attempts made before."
                },
                "notified": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "items": {
                    "bsonType": "string"
                  },
                  "description": "People or groups called."
                },
                "channel": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "How they were called, such as `email` or `chat`."
                },
                "repository": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue it is about."
                },
                "pullRequestNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Pull request it is about."
                }
              },
              "required": [
                "escalationId",
                "trigger",
                "severity",
                "reason"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "The loop gave up on deciding something by itself and called for a person."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "SYSTEM.RETRY.EXHAUSTED"
              ]
            },
            "payload": {
              "bsonType": "object",
              "properties": {
                "operation": {
                  "bsonType": "string",
                  "description": "What was tried."
                },
                "attempts": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "How often it was tried."
                },
                "maxAttempts": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "How often it may be tried."
                },
                "elapsedMs": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 0,
                  "description": "From first attempt to last failure, in milliseconds."
                },
                "lastErrorCode": {
                  "bsonType": "string",
                  "description": "What went wrong last, as a code."
                },
                "lastErrorMessage": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What went wrong last, in words."
                },
                "nextAction": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What happens now, such as `escalate` or `abandon`."
                },
                "repository": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Owner and name, with the groups between them where a platform nests.",
                  "pattern": "^[^/\\s]+(/[^/\\s]+)+$"
                },
                "issueNumber": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "minimum": 1,
                  "description": "Issue that was worked on."
                }
              },
              "required": [
                "operation",
                "attempts",
                "maxAttempts",
                "lastErrorCode"
              ]
            }
          },
          "required": [
            "eventType",
            "payload"
          ],
          "description": "Something was tried as often as it may be, and failed each time."
        }
      ]
    }
  },
  "validationLevel": "strict",
  "validationAction": "error"
});
db.getCollection("events").createIndex({"eventType":1,"timestamp":1});
db.getCollection("events").createIndex({"correlationId":1,"timestamp":1});
