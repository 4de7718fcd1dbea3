// Collections of Noema, catalog noema 1.0.0, for mongosh.
// Written by `daybook emit mongodb --app noema`; changes belong in the catalog.
//
// A validator knows no defaults, no formats and no references: references are written out, a UUID
// is binary data or text, a date is a date of BSON (in the data of events also text, as it is
// sent), a decimal any number, and other formats are text. Fields that may be missing may be null.
// A document's primary key is `_id`. Keywords that a validator does not have are named in the
// description of the schema that uses them. Consent, sampling and retention are Daybook's, and
// nothing of them is here.

// What happened.
db.createCollection("userEvents", {
  "validator": {
    "$jsonSchema": {
      "bsonType": "object",
      "required": [
        "_id",
        "eventType",
        "timestamp",
        "sourcePlatform"
      ],
      "properties": {
        "_id": {
          "bsonType": "objectId",
          "description": "The event's id."
        },
        "eventType": {
          "description": "The event type."
        },
        "timestamp": {
          "bsonType": "date",
          "description": "When it happened."
        },
        "masterAccountId": {
          "bsonType": [
            "objectId",
            "null"
          ],
          "description": "The person."
        },
        "sessionId": {
          "bsonType": [
            "objectId",
            "null"
          ],
          "description": "The session."
        },
        "sourcePlatform": {
          "bsonType": "string",
          "description": "The platform the person used."
        },
        "eventData": {
          "bsonType": [
            "object",
            "null"
          ],
          "description": "What the event type's schema describes."
        }
      },
      "anyOf": [
        {
          "properties": {
            "eventType": {
              "enum": [
                "account_created"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "platform": {
                  "bsonType": "string",
                  "description": "Where something happened, for instance `telegram`, `discord`, `web` or `api`."
                },
                "platformIdentities": {
                  "bsonType": "object",
                  "description": "The person's id on each platform they are known on, by the platform's name.",
                  "additionalProperties": {
                    "bsonType": "string"
                  }
                },
                "status": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Standing of an account.",
                  "enum": [
                    "active",
                    "suspended",
                    "deactivated_by_user",
                    "deactivated_by_admin",
                    null
                  ]
                }
              },
              "required": [
                "platform",
                "platformIdentities"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId"
          ],
          "description": "A person has an account from now on."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "account_status_changed"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "previousStatus": {
                  "bsonType": "string",
                  "description": "Standing of an account.",
                  "enum": [
                    "active",
                    "suspended",
                    "deactivated_by_user",
                    "deactivated_by_admin"
                  ]
                },
                "newStatus": {
                  "bsonType": "string",
                  "description": "Standing of an account.",
                  "enum": [
                    "active",
                    "suspended",
                    "deactivated_by_user",
                    "deactivated_by_admin"
                  ]
                },
                "reason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Why, in words."
                }
              },
              "required": [
                "previousStatus",
                "newStatus"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId"
          ],
          "description": "An account was suspended, closed, or opened again."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "api_key_created"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "keyHash": {
                  "bsonType": "string",
                  "description": "Hash of the key, by which it is recognised."
                },
                "label": {
                  "bsonType": "string",
                  "description": "What the person calls the key."
                },
                "scopes": {
                  "bsonType": [
                    "array",
                    "null"
                  ],
                  "description": "What the key may do.",
                  "items": {
                    "bsonType": "string"
                  }
                },
                "createdAt": {
                  "bsonType": [
                    "date",
                    "string",
                    "null"
                  ],
                  "description": "When it was made."
                }
              },
              "required": [
                "keyHash",
                "label"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "An account has one more key for the API. The key itself is never part of an event."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "api_key_revoked"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "keyHash": {
                  "bsonType": "string",
                  "description": "Hash of the key, by which it is recognised."
                },
                "label": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What the person calls the key."
                },
                "reason": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Why, for instance `user_initiated`, `admin_initiated` or `leaked`."
                }
              },
              "required": [
                "keyHash"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId"
          ],
          "description": "A key for the API no longer works."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "award_achieved"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "awardId": {
                  "bsonType": "string",
                  "description": "The award, for instance `century_creator`."
                },
                "displayName": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What people call the award."
                },
                "description": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What it is given for."
                },
                "achievedAt": {
                  "bsonType": [
                    "date",
                    "string",
                    "null"
                  ],
                  "description": "When it was earned, if that is not the time of the event."
                }
              },
              "required": [
                "awardId"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId"
          ],
          "description": "A person earned an award."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "command_executed"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "commandName": {
                  "bsonType": "string",
                  "description": "The command as it is called, for instance `/make` or `/view_balance`."
                },
                "args": {
                  "bsonType": [
                    "object",
                    "array",
                    "string"
                  ],
                  "description": "What came with a command. Its form is the command's own - named values, a list, or the text as typed."
                },
                "success": {
                  "bsonType": "bool",
                  "description": "True if the command was accepted and begun, false if it was refused."
                },
                "executionTimeMs": {
                  "bsonType": [
                    "long",
                    "int"
                  ],
                  "description": "Milliseconds until the work was done, or until it was queued if it goes on in the background.",
                  "minimum": 0
                },
                "source": {
                  "bsonType": "string",
                  "description": "How it was given, for instance `chat_input`, `menu_click` or `api_call`."
                }
              },
              "required": [
                "commandName",
                "args",
                "success",
                "executionTimeMs",
                "source"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A person gave a command. It was taken on, or refused, for instance for want of permission."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "command_failed_validation"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "commandName": {
                  "bsonType": "string",
                  "description": "The command as it is called."
                },
                "args": {
                  "bsonType": [
                    "object",
                    "array",
                    "string"
                  ],
                  "description": "What came with a command. Its form is the command's own - named values, a list, or the text as typed."
                },
                "validationErrors": {
                  "bsonType": "array",
                  "description": "One entry for each thing that is wrong.",
                  "items": {
                    "bsonType": "object",
                    "properties": {
                      "field": {
                        "bsonType": [
                          "string",
                          "null"
                        ],
                        "description": "The argument it is about; left out if it is about the command as a whole."
                      },
                      "message": {
                        "bsonType": "string",
                        "description": "What is wrong with it."
                      }
                    },
                    "required": [
                      "message"
                    ]
                  }
                }
              },
              "required": [
                "commandName",
                "args",
                "validationErrors"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A command was not run because its input is wrong, with everything that is wrong with it."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "credit_added"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "transactionId": {
                  "bsonType": [
                    "objectId",
                    "null"
                  ],
                  "description": "The entry in the ledger."
                },
                "type": {
                  "bsonType": "string",
                  "description": "What kind of entry it is, for instance `credit`, `bonus` or `refund`."
                },
                "description": {
                  "bsonType": "string",
                  "description": "The entry in words, as its owner reads it."
                },
                "amountUsd": {
                  "bsonType": [
                    "decimal",
                    "double",
                    "int",
                    "long"
                  ],
                  "description": "What was added, in US dollars; more than nothing.",
                  "minimum": 0,
                  "exclusiveMinimum": true
                },
                "balanceBeforeUsd": {
                  "bsonType": [
                    "decimal",
                    "double",
                    "int",
                    "long"
                  ],
                  "description": "The credit before this entry, in US dollars."
                },
                "balanceAfterUsd": {
                  "bsonType": [
                    "decimal",
                    "double",
                    "int",
                    "long"
                  ],
                  "description": "The credit after this entry, in US dollars."
                },
                "relatedItems": {
                  "bsonType": [
                    "object",
                    "null"
                  ],
                  "description": "Records that an entry in the ledger belongs to.",
                  "properties": {
                    "eventId": {
                      "bsonType": [
                        "objectId",
                        "null"
                      ],
                      "description": "The event that led to the entry."
                    },
                    "generationId": {
                      "bsonType": [
                        "objectId",
                        "null"
                      ],
                      "description": "The generation that is paid for or refunded."
                    },
                    "commandName": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The command that led to the entry."
                    },
                    "subscriptionId": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The subscription that the entry belongs to."
                    }
                  },
                  "additionalProperties": false
                },
                "externalTransactionId": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What a payment processor calls it."
                },
                "metadata": {
                  "bsonType": [
                    "object",
                    "null"
                  ],
                  "description": "Whatever else belongs to the entry.",
                  "additionalProperties": true
                }
              },
              "required": [
                "type",
                "description",
                "amountUsd",
                "balanceBeforeUsd",
                "balanceAfterUsd"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId"
          ],
          "description": "An account has more credit, by a payment, a bonus or a refund."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "credit_spent"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "transactionId": {
                  "bsonType": [
                    "objectId",
                    "null"
                  ],
                  "description": "The entry in the ledger."
                },
                "type": {
                  "bsonType": "string",
                  "description": "What kind of entry it is, for instance `debit`, `generation_cost` or `subscription_payment`."
                },
                "description": {
                  "bsonType": "string",
                  "description": "The entry in words, as its owner reads it."
                },
                "amountUsd": {
                  "bsonType": [
                    "decimal",
                    "double",
                    "int",
                    "long"
                  ],
                  "description": "What was spent, in US dollars; less than nothing.",
                  "maximum": 0,
                  "exclusiveMaximum": true
                },
                "balanceBeforeUsd": {
                  "bsonType": [
                    "decimal",
                    "double",
                    "int",
                    "long"
                  ],
                  "description": "The credit before this entry, in US dollars."
                },
                "balanceAfterUsd": {
                  "bsonType": [
                    "decimal",
                    "double",
                    "int",
                    "long"
                  ],
                  "description": "The credit after this entry, in US dollars."
                },
                "relatedItems": {
                  "bsonType": [
                    "object",
                    "null"
                  ],
                  "description": "Records that an entry in the ledger belongs to.",
                  "properties": {
                    "eventId": {
                      "bsonType": [
                        "objectId",
                        "null"
                      ],
                      "description": "The event that led to the entry."
                    },
                    "generationId": {
                      "bsonType": [
                        "objectId",
                        "null"
                      ],
                      "description": "The generation that is paid for or refunded."
                    },
                    "commandName": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The command that led to the entry."
                    },
                    "subscriptionId": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The subscription that the entry belongs to."
                    }
                  },
                  "additionalProperties": false
                },
                "externalTransactionId": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What a payment processor calls it."
                },
                "metadata": {
                  "bsonType": [
                    "object",
                    "null"
                  ],
                  "description": "Whatever else belongs to the entry.",
                  "additionalProperties": true
                }
              },
              "required": [
                "type",
                "description",
                "amountUsd",
                "balanceBeforeUsd",
                "balanceAfterUsd"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId"
          ],
          "description": "An account has less credit, because something was paid for."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "exp_gained"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "amount": {
                  "bsonType": [
                    "long",
                    "int"
                  ],
                  "description": "Points earned by this.",
                  "minimum": 1
                },
                "expBefore": {
                  "bsonType": [
                    "long",
                    "int"
                  ],
                  "description": "Points before.",
                  "minimum": 0
                },
                "expAfter": {
                  "bsonType": [
                    "long",
                    "int"
                  ],
                  "description": "Points after.",
                  "minimum": 0
                },
                "reason": {
                  "bsonType": "string",
                  "description": "What they were earned with, for instance `generation_completed` or `award_achieved`."
                },
                "relatedItems": {
                  "bsonType": [
                    "object",
                    "null"
                  ],
                  "description": "Records that an entry in the ledger belongs to.",
                  "properties": {
                    "eventId": {
                      "bsonType": [
                        "objectId",
                        "null"
                      ],
                      "description": "The event that led to the entry."
                    },
                    "generationId": {
                      "bsonType": [
                        "objectId",
                        "null"
                      ],
                      "description": "The generation that is paid for or refunded."
                    },
                    "commandName": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The command that led to the entry."
                    },
                    "subscriptionId": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The subscription that the entry belongs to."
                    }
                  },
                  "additionalProperties": false
                }
              },
              "required": [
                "amount",
                "expBefore",
                "expAfter",
                "reason"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId"
          ],
          "description": "A person earned experience points."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "generation_completed"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "generationId": {
                  "bsonType": "objectId",
                  "description": "The generation's record."
                },
                "serviceName": {
                  "bsonType": "string",
                  "description": "The service that did it."
                },
                "durationMs": {
                  "bsonType": [
                    "long",
                    "int"
                  ],
                  "description": "How long it took, in milliseconds.",
                  "minimum": 0
                },
                "costUsd": {
                  "bsonType": [
                    "decimal",
                    "double",
                    "int",
                    "long"
                  ],
                  "description": "What it cost, in US dollars."
                },
                "status": {
                  "bsonType": "string",
                  "description": "Always `success`; how it ended is part of the record in every case.",
                  "enum": [
                    "success"
                  ]
                },
                "artifactCount": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "description": "How many pieces came out, for instance pictures.",
                  "minimum": 0
                }
              },
              "required": [
                "generationId",
                "serviceName",
                "durationMs",
                "costUsd",
                "status",
                "artifactCount"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A generation ended well and its main result is there."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "generation_failed"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "generationId": {
                  "bsonType": [
                    "objectId",
                    "null"
                  ],
                  "description": "The generation's record, if it came to one."
                },
                "serviceName": {
                  "bsonType": "string",
                  "description": "The service that was asked."
                },
                "durationMs": {
                  "bsonType": [
                    "long",
                    "int",
                    "null"
                  ],
                  "description": "How long it ran until it failed, in milliseconds.",
                  "minimum": 0
                },
                "costUsd": {
                  "bsonType": [
                    "decimal",
                    "double",
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "What it cost all the same, in US dollars."
                },
                "status": {
                  "bsonType": "string",
                  "description": "How it ended.",
                  "enum": [
                    "failed",
                    "cancelled_by_user",
                    "timeout"
                  ]
                },
                "errorSource": {
                  "bsonType": "string",
                  "description": "Where it went wrong, for instance `service_api`, `internal_queue` or `content_moderation`."
                },
                "errorCode": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "The code of the error, the service's or Noema's own."
                },
                "errorMessage": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "The error in words."
                }
              },
              "required": [
                "serviceName",
                "status",
                "errorSource"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A generation ended without a result, because it failed, took too long or was called off."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "generation_requested"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "serviceName": {
                  "bsonType": "string",
                  "description": "The service that is asked, for instance `comfyui-deploy` or `dalle3-service`."
                },
                "requestParameters": {
                  "bsonType": "object",
                  "description": "The parameters that matter, as the service takes them.",
                  "additionalProperties": true
                },
                "estimatedCostUsd": {
                  "bsonType": [
                    "decimal",
                    "double",
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "What it will probably cost, in US dollars, if that can be said beforehand."
                }
              },
              "required": [
                "serviceName",
                "requestParameters"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A person asked a service to generate something."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "menu_item_clicked"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "menuName": {
                  "bsonType": "string",
                  "description": "The menu, for instance `main_menu`."
                },
                "itemId": {
                  "bsonType": "string",
                  "description": "The item, unique within its menu."
                },
                "itemLabel": {
                  "bsonType": "string",
                  "description": "What the item says to the person, in their language."
                },
                "actionType": {
                  "bsonType": "string",
                  "description": "What it does, for instance `navigate`, `execute_command` or `apply_setting`."
                }
              },
              "required": [
                "menuName",
                "itemId",
                "itemLabel",
                "actionType"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A person chose an item of a menu."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "platform_identity_linked"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "platform": {
                  "bsonType": "string",
                  "description": "Where something happened, for instance `telegram`, `discord`, `web` or `api`."
                },
                "platformUserId": {
                  "bsonType": "string",
                  "description": "The person's id on that platform."
                }
              },
              "required": [
                "platform",
                "platformUserId"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "An account is known on one more platform."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "platform_identity_unlinked"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "platform": {
                  "bsonType": "string",
                  "description": "Where something happened, for instance `telegram`, `discord`, `web` or `api`."
                },
                "platformUserId": {
                  "bsonType": "string",
                  "description": "The person's id on that platform."
                }
              },
              "required": [
                "platform",
                "platformUserId"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "An account is no longer known on a platform."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "preference_changed"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "preferenceKey": {
                  "bsonType": "string",
                  "description": "The group that the setting belongs to - the id of a workflow or tool, or `globalSettings`."
                },
                "settingName": {
                  "bsonType": "string",
                  "description": "The setting within its group."
                },
                "previousValue": {
                  "description": "What it was, if it had been set."
                },
                "newValue": {
                  "description": "What it is now."
                }
              },
              "required": [
                "preferenceKey",
                "settingName",
                "newValue"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A person changed one of their settings."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "preference_reset"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "preferenceKey": {
                  "bsonType": "string",
                  "description": "The group that the setting belongs to - the id of a workflow or tool, or `globalSettings`."
                },
                "settingName": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "The setting within its group; left out if the whole group was reset."
                }
              },
              "required": [
                "preferenceKey"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A person went back to what Noema sets by itself, for one setting or for a whole group."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "profile_updated"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "changedFields": {
                  "bsonType": "array",
                  "description": "The fields that were changed.",
                  "items": {
                    "bsonType": "string",
                    "enum": [
                      "displayName",
                      "avatarUrl",
                      "bio"
                    ]
                  },
                  "minItems": 1,
                  "uniqueItems": true
                },
                "displayName": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "The new name that others see; null if it was taken away."
                },
                "avatarUrl": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Where the new picture is; null if it was taken away."
                },
                "bio": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What the person now says about themselves; null if it was taken away."
                }
              },
              "required": [
                "changedFields"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A person changed what their profile says of them."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "session_ended"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "endReason": {
                  "bsonType": "string",
                  "description": "Why a session ended.",
                  "enum": [
                    "user_logout",
                    "project_close",
                    "session_timeout_inactive",
                    "session_error_limit_exceeded",
                    "user_command_quit",
                    "system_shutdown"
                  ]
                },
                "durationMs": {
                  "bsonType": [
                    "long",
                    "int"
                  ],
                  "description": "How long the session lasted, in milliseconds.",
                  "minimum": 0
                }
              },
              "required": [
                "endReason",
                "durationMs"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A session record was closed, whoever or whatever closed it."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "session_started"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "platform": {
                  "bsonType": "string",
                  "description": "Where something happened, for instance `telegram`, `discord`, `web` or `api`."
                },
                "startMethod": {
                  "bsonType": "string",
                  "description": "What opened the session, for instance `login`, `api_key_usage` or `new_connection`."
                }
              },
              "required": [
                "platform",
                "startMethod"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A session record was created, most often right after a login."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "ui_element_interacted"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "elementId": {
                  "bsonType": "string",
                  "description": "The element, unique in the interface."
                },
                "elementType": {
                  "bsonType": "string",
                  "description": "What it is, for instance `button`, `slider` or `text_input`."
                },
                "interactionType": {
                  "bsonType": "string",
                  "description": "What was done with it, for instance `click`, `change` or `blur`."
                },
                "currentValue": {
                  "description": "Its value afterwards - a text, a number, true or false, or something composed."
                },
                "context": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "The part of the interface it belongs to, for instance `image_editor_panel`."
                }
              },
              "required": [
                "elementId",
                "elementType",
                "interactionType"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A person used a part of the interface that is not a menu, such as a button, a slider or an input."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "user_facing_error_displayed"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "errorType": {
                  "bsonType": "string",
                  "description": "The kind of error, for instance `validation_error`, `api_error` or `payment_failed`."
                },
                "errorCode": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "A closer code, Noema's own or a service's."
                },
                "errorMessage": {
                  "bsonType": "string",
                  "description": "What the person read."
                },
                "severity": {
                  "bsonType": "string",
                  "description": "How bad it looked, for instance `info`, `warning` or `error`."
                },
                "component": {
                  "bsonType": "string",
                  "description": "The part of Noema that showed it, for instance `PaymentService`."
                },
                "context": {
                  "bsonType": [
                    "object",
                    "null"
                  ],
                  "description": "Whatever else helps to understand it.",
                  "additionalProperties": true
                }
              },
              "required": [
                "errorType",
                "errorMessage",
                "severity",
                "component"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A person was shown an error. Nothing need have crashed."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "user_login_failed"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "loginAttemptIdentifier": {
                  "bsonType": "string",
                  "description": "What the attempt gave as its identity, for instance a user name or a Telegram user id."
                },
                "failureReason": {
                  "bsonType": "string",
                  "description": "Why it was refused, for instance `invalid_credentials`, `account_locked` or `invalid_api_key`."
                },
                "platform": {
                  "bsonType": "string",
                  "description": "Where something happened, for instance `telegram`, `discord`, `web` or `api`."
                }
              },
              "required": [
                "loginAttemptIdentifier",
                "failureReason",
                "platform"
              ]
            }
          },
          "required": [
            "eventType",
            "eventData"
          ],
          "description": "Somebody tried to sign in and was turned away."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "user_login_success"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "loginMethod": {
                  "bsonType": "string",
                  "description": "How they proved it, for instance `password`, `telegram_auth`, `wallet_signature` or `api_key`."
                },
                "platform": {
                  "bsonType": "string",
                  "description": "Where something happened, for instance `telegram`, `discord`, `web` or `api`."
                },
                "ipAddress": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "Address the login came from, IPv4 or IPv6."
                },
                "userAgent": {
                  "bsonType": [
                    "string",
                    "null"
                  ],
                  "description": "What the client says it is."
                }
              },
              "required": [
                "loginMethod",
                "platform"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "Somebody proved who they are, and a session begins."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "user_logout"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "logoutReason": {
                  "bsonType": "string",
                  "description": "Who wanted it, for instance `user_initiated` or `admin_initiated`."
                }
              },
              "required": [
                "logoutReason"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A session was closed on purpose, by the person or by an administrator."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "wallet_linked"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "address": {
                  "bsonType": "string",
                  "description": "Address of the wallet, with its checksum in upper and lower case."
                },
                "isPrimary": {
                  "bsonType": [
                    "bool",
                    "null"
                  ],
                  "description": "Whether it is the wallet that is used unless another is named."
                },
                "verified": {
                  "bsonType": "bool",
                  "description": "Whether the person has shown that the wallet is theirs."
                },
                "addedAt": {
                  "bsonType": [
                    "date",
                    "string",
                    "null"
                  ],
                  "description": "When it was added."
                }
              },
              "required": [
                "address",
                "verified"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A person added an Ethereum wallet to their account."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "wallet_unlinked"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "address": {
                  "bsonType": "string",
                  "description": "Address of the wallet, with its checksum in upper and lower case."
                }
              },
              "required": [
                "address"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A wallet was taken off an account."
        },
        {
          "properties": {
            "eventType": {
              "enum": [
                "wallet_verified"
              ]
            },
            "eventData": {
              "bsonType": "object",
              "properties": {
                "address": {
                  "bsonType": "string",
                  "description": "Address of the wallet, with its checksum in upper and lower case."
                }
              },
              "required": [
                "address"
              ]
            },
            "masterAccountId": {
              "bsonType": "objectId",
              "description": "The person."
            },
            "sessionId": {
              "bsonType": "objectId",
              "description": "The session."
            }
          },
          "required": [
            "eventType",
            "eventData",
            "masterAccountId",
            "sessionId"
          ],
          "description": "A person has shown that a wallet of their account is theirs."
        }
      ]
    }
  },
  "validationLevel": "strict",
  "validationAction": "error"
});
db.getCollection("userEvents").createIndex({"eventType":1,"timestamp":1});
db.getCollection("userEvents").createIndex({"masterAccountId":1,"timestamp":1});
db.getCollection("userEvents").createIndex({"sessionId":1,"timestamp":1});

// The master record of a user - identity, authentication and profile.
db.createCollection("userCore", {
  "validator": {
    "$jsonSchema": {
      "bsonType": "object",
      "properties": {
        "_id": {
          "bsonType": "objectId",
          "description": "The masterAccountId, primary key of the user."
        },
        "platformIdentities": {
          "bsonType": "object",
          "description": "Platform names (telegram, discord, web) to the user's id there.",
          "additionalProperties": {
            "bsonType": "string"
          }
        },
        "wallets": {
          "bsonType": [
            "array",
            "null"
          ],
          "description": "Linked Ethereum wallets.",
          "items": {
            "bsonType": "object",
            "properties": {
              "address": {
                "bsonType": "string",
                "description": "Checksummed address."
              },
              "isPrimary": {
                "bsonType": [
                  "bool",
                  "null"
                ],
                "description": "Whether it is the user's primary wallet."
              },
              "addedAt": {
                "bsonType": [
                  "date"
                ]
              },
              "verified": {
                "bsonType": "bool"
              }
            },
            "required": [
              "address",
              "addedAt",
              "verified"
            ]
          }
        },
        "apiKeys": {
          "bsonType": [
            "array",
            "null"
          ],
          "description": "Keys of the API.",
          "items": {
            "bsonType": "object",
            "properties": {
              "keyHash": {
                "bsonType": "string",
                "description": "The key, securely hashed."
              },
              "label": {
                "bsonType": "string",
                "description": "What the user calls it."
              },
              "createdAt": {
                "bsonType": [
                  "date"
                ]
              },
              "lastUsedAt": {
                "bsonType": [
                  "date",
                  "null"
                ]
              },
              "scopes": {
                "bsonType": [
                  "array",
                  "null"
                ],
                "items": {
                  "bsonType": "string"
                }
              },
              "isActive": {
                "bsonType": [
                  "bool",
                  "null"
                ]
              }
            },
            "required": [
              "keyHash",
              "label",
              "createdAt"
            ]
          }
        },
        "userCreationTimestamp": {
          "bsonType": [
            "date"
          ]
        },
        "updatedAt": {
          "bsonType": [
            "date"
          ]
        },
        "lastLoginTimestamp": {
          "bsonType": [
            "date",
            "null"
          ]
        },
        "lastSeenPlatform": {
          "bsonType": [
            "string",
            "null"
          ]
        },
        "awards": {
          "bsonType": [
            "array",
            "null"
          ],
          "description": "Awards and trophies.",
          "items": {
            "bsonType": "object",
            "properties": {
              "awardId": {
                "bsonType": "string"
              },
              "achievedAt": {
                "bsonType": [
                  "date"
                ]
              },
              "displayName": {
                "bsonType": [
                  "string",
                  "null"
                ]
              },
              "description": {
                "bsonType": [
                  "string",
                  "null"
                ]
              }
            },
            "required": [
              "awardId",
              "achievedAt"
            ]
          }
        },
        "profile": {
          "bsonType": [
            "object",
            "null"
          ],
          "properties": {
            "displayName": {
              "bsonType": [
                "string",
                "null"
              ]
            },
            "avatarUrl": {
              "bsonType": [
                "string",
                "null"
              ]
            },
            "bio": {
              "bsonType": [
                "string",
                "null"
              ]
            }
          }
        },
        "status": {
          "bsonType": [
            "string",
            "null"
          ],
          "description": "Standing of an account.",
          "enum": [
            "active",
            "suspended",
            "deactivated_by_user",
            "deactivated_by_admin",
            null
          ]
        }
      },
      "required": [
        "_id",
        "platformIdentities",
        "userCreationTimestamp",
        "updatedAt"
      ]
    }
  },
  "validationLevel": "strict",
  "validationAction": "error"
});
db.getCollection("userCore").createIndex({"wallets.address":1});
db.getCollection("userCore").createIndex({"apiKeys.keyHash":1});

// Credit and experience points of a user.
db.createCollection("userEconomy", {
  "validator": {
    "$jsonSchema": {
      "bsonType": "object",
      "properties": {
        "_id": {
          "bsonType": "objectId"
        },
        "masterAccountId": {
          "bsonType": "objectId",
          "description": "Whose it is."
        },
        "usdCredit": {
          "bsonType": [
            "decimal",
            "double",
            "int",
            "long"
          ],
          "description": "Funds in USD."
        },
        "exp": {
          "bsonType": [
            "long",
            "int"
          ],
          "description": "Experience points."
        },
        "createdAt": {
          "bsonType": [
            "date"
          ]
        },
        "updatedAt": {
          "bsonType": [
            "date"
          ]
        }
      },
      "required": [
        "_id",
        "masterAccountId",
        "usdCredit",
        "exp",
        "createdAt",
        "updatedAt"
      ]
    }
  },
  "validationLevel": "strict",
  "validationAction": "error"
});
db.getCollection("userEconomy").createIndex({"masterAccountId":1}, {"unique":true});

// Preferences of a user by workflow or tool, or for everything (`globalSettings`).
db.createCollection("userPreferences", {
  "validator": {
    "$jsonSchema": {
      "bsonType": "object",
      "properties": {
        "_id": {
          "bsonType": "objectId"
        },
        "masterAccountId": {
          "bsonType": "objectId"
        },
        "preferences": {
          "bsonType": "object",
          "additionalProperties": {
            "bsonType": "object",
            "additionalProperties": true
          }
        },
        "createdAt": {
          "bsonType": [
            "date"
          ]
        },
        "updatedAt": {
          "bsonType": [
            "date"
          ]
        }
      },
      "required": [
        "_id",
        "masterAccountId",
        "preferences",
        "createdAt",
        "updatedAt"
      ]
    }
  },
  "validationLevel": "strict",
  "validationAction": "error"
});
db.getCollection("userPreferences").createIndex({"masterAccountId":1}, {"unique":true});

// Entries in the ledger of a user.
db.createCollection("transactions", {
  "validator": {
    "$jsonSchema": {
      "bsonType": "object",
      "properties": {
        "_id": {
          "bsonType": "objectId"
        },
        "masterAccountId": {
          "bsonType": "objectId"
        },
        "timestamp": {
          "bsonType": [
            "date"
          ]
        },
        "type": {
          "bsonType": "string",
          "description": "debit, credit, bonus, refund, generation_cost, subscription_payment, …"
        },
        "description": {
          "bsonType": "string"
        },
        "amountUsd": {
          "bsonType": [
            "decimal",
            "double",
            "int",
            "long"
          ],
          "description": "Negative for debits."
        },
        "balanceBeforeUsd": {
          "bsonType": [
            "decimal",
            "double",
            "int",
            "long"
          ]
        },
        "balanceAfterUsd": {
          "bsonType": [
            "decimal",
            "double",
            "int",
            "long"
          ]
        },
        "relatedItems": {
          "bsonType": [
            "object",
            "null"
          ],
          "description": "Records that an entry in the ledger belongs to.",
          "properties": {
            "eventId": {
              "bsonType": [
                "objectId",
                "null"
              ],
              "description": "The event that led to the entry."
            },
            "generationId": {
              "bsonType": [
                "objectId",
                "null"
              ],
              "description": "The generation that is paid for or refunded."
            },
            "commandName": {
              "bsonType": [
                "string",
                "null"
              ],
              "description": "The command that led to the entry."
            },
            "subscriptionId": {
              "bsonType": [
                "string",
                "null"
              ],
              "description": "The subscription that the entry belongs to."
            }
          },
          "additionalProperties": false
        },
        "externalTransactionId": {
          "bsonType": [
            "string",
            "null"
          ]
        },
        "metadata": {
          "bsonType": [
            "object",
            "null"
          ],
          "additionalProperties": true
        }
      },
      "required": [
        "_id",
        "masterAccountId",
        "timestamp",
        "type",
        "description",
        "amountUsd",
        "balanceBeforeUsd",
        "balanceAfterUsd"
      ]
    }
  },
  "validationLevel": "strict",
  "validationAction": "error"
});
db.getCollection("transactions").createIndex({"masterAccountId":1,"timestamp":-1});
db.getCollection("transactions").createIndex({"externalTransactionId":1});

// Sessions of users on all platforms.
db.createCollection("userSessions", {
  "validator": {
    "$jsonSchema": {
      "bsonType": "object",
      "properties": {
        "_id": {
          "bsonType": "objectId"
        },
        "masterAccountId": {
          "bsonType": "objectId"
        },
        "startTime": {
          "bsonType": [
            "date"
          ]
        },
        "endTime": {
          "bsonType": [
            "date",
            "null"
          ],
          "description": "Null while it is active."
        },
        "endReason": {
          "description": "Why it ended; null while it is active.",
          "anyOf": [
            {
              "bsonType": "string",
              "description": "Why a session ended.",
              "enum": [
                "user_logout",
                "project_close",
                "session_timeout_inactive",
                "session_error_limit_exceeded",
                "user_command_quit",
                "system_shutdown"
              ]
            },
            {
              "bsonType": "null"
            }
          ]
        },
        "platform": {
          "bsonType": "string",
          "description": "Where something happened, for instance `telegram`, `discord`, `web` or `api`."
        },
        "isActive": {
          "bsonType": "bool"
        },
        "lastUserActivityTimestamp": {
          "bsonType": [
            "date"
          ]
        },
        "userAgent": {
          "bsonType": [
            "string",
            "null"
          ]
        },
        "metadata": {
          "bsonType": [
            "object",
            "null"
          ],
          "additionalProperties": true
        }
      },
      "required": [
        "_id",
        "masterAccountId",
        "startTime",
        "platform",
        "isActive",
        "lastUserActivityTimestamp"
      ]
    }
  },
  "validationLevel": "strict",
  "validationAction": "error"
});
db.getCollection("userSessions").createIndex({"masterAccountId":1,"startTime":-1});
db.getCollection("userSessions").createIndex({"isActive":1,"lastUserActivityTimestamp":1});

// Generations of all services. The record exists before the generation ends, so its status may be
// pending.
db.createCollection("generationOutputs", {
  "validator": {
    "$jsonSchema": {
      "bsonType": "object",
      "properties": {
        "_id": {
          "bsonType": "objectId"
        },
        "masterAccountId": {
          "bsonType": "objectId"
        },
        "sessionId": {
          "bsonType": "objectId"
        },
        "initiatingEventId": {
          "bsonType": "objectId",
          "description": "The event that asked for it."
        },
        "serviceName": {
          "bsonType": "string"
        },
        "platformSpecificRunId": {
          "bsonType": [
            "string",
            "null"
          ]
        },
        "requestTimestamp": {
          "bsonType": [
            "date"
          ]
        },
        "responseTimestamp": {
          "bsonType": [
            "date",
            "null"
          ],
          "description": "Null while it is pending."
        },
        "durationMs": {
          "bsonType": [
            "long",
            "int",
            "null"
          ]
        },
        "status": {
          "enum": [
            "pending",
            "success",
            "failed",
            "cancelled_by_user",
            "timeout"
          ]
        },
        "costUsd": {
          "bsonType": [
            "decimal",
            "double",
            "int",
            "long",
            "null"
          ],
          "description": "Null where it is not known."
        },
        "requestPayload": {
          "bsonType": [
            "object",
            "null"
          ],
          "additionalProperties": true
        },
        "responsePayload": {
          "bsonType": [
            "object",
            "null"
          ],
          "additionalProperties": true
        },
        "artifactUrls": {
          "bsonType": [
            "array",
            "null"
          ],
          "items": {
            "bsonType": "object",
            "properties": {
              "url": {
                "bsonType": [
                  "string",
                  "null"
                ]
              },
              "type": {
                "bsonType": [
                  "string",
                  "null"
                ],
                "description": "image, video, audio, text_file, …"
              }
            }
          }
        },
        "errorDetails": {
          "bsonType": [
            "object",
            "null"
          ],
          "properties": {
            "errorCode": {
              "bsonType": [
                "string",
                "null"
              ]
            },
            "errorMessage": {
              "bsonType": [
                "string",
                "null"
              ]
            },
            "errorSource": {
              "bsonType": [
                "string",
                "null"
              ],
              "description": "noema_internal, service_api, user_input_validation, …"
            },
            "additionalContext": {
              "bsonType": [
                "object",
                "null"
              ],
              "additionalProperties": true
            }
          }
        },
        "metadata": {
          "bsonType": [
            "object",
            "null"
          ],
          "additionalProperties": true
        },
        "retryAttempt": {
          "bsonType": [
            "int",
            "long",
            "null"
          ],
          "minimum": 0
        }
      },
      "required": [
        "_id",
        "masterAccountId",
        "sessionId",
        "initiatingEventId",
        "serviceName",
        "requestTimestamp",
        "status"
      ]
    }
  },
  "validationLevel": "strict",
  "validationAction": "error"
});
db.getCollection("generationOutputs").createIndex({"masterAccountId":1,"requestTimestamp":-1});
db.getCollection("generationOutputs").createIndex({"sessionId":1});
db.getCollection("generationOutputs").createIndex({"serviceName":1,"platformSpecificRunId":1});
