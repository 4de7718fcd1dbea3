// Collections of Tachikoma, catalog tachikoma 1.0.0, for mongosh.
// Written by `daybook emit mongodb --app tachikoma`; changes belong in the catalog.
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
        "event_type",
        "timestamp"
      ],
      "properties": {
        "_id": {
          "bsonType": [
            "binData",
            "string"
          ],
          "description": "The event's id."
        },
        "category": {
          "enum": [
            "usage",
            "performance",
            "error",
            "business",
            "security",
            "system",
            "custom",
            null
          ]
        },
        "event_type": {
          "description": "The event type."
        },
        "timestamp": {
          "bsonType": "date",
          "description": "When it happened."
        },
        "session_id": {
          "bsonType": [
            "binData",
            "string",
            "null"
          ],
          "description": "The session."
        },
        "priority": {
          "enum": [
            "low",
            "normal",
            "high",
            "critical",
            null
          ]
        },
        "data": {
          "bsonType": [
            "object",
            "null"
          ],
          "description": "What the event type's schema describes."
        },
        "metadata": {
          "bsonType": [
            "object",
            "null"
          ],
          "description": "What else came with the event."
        }
      },
      "anyOf": [
        {
          "properties": {
            "event_type": {
              "enum": [
                "auth_attempted"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "Names and values, chosen by whoever sends them.",
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Somebody, or the agent itself, tried to sign in somewhere. The data says whether it worked."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "backend_selected"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "What was done with which part of the agent.",
                  "properties": {
                    "feature": {
                      "bsonType": "string",
                      "description": "The feature or part."
                    },
                    "action": {
                      "bsonType": "string",
                      "description": "What was done."
                    },
                    "target": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "What it was done to."
                    },
                    "duration_ms": {
                      "bsonType": [
                        "int",
                        "long",
                        "null"
                      ],
                      "description": "How long it took, in milliseconds.",
                      "minimum": 0
                    },
                    "success": {
                      "bsonType": "bool",
                      "description": "Whether it worked."
                    }
                  },
                  "required": [
                    "feature",
                    "action",
                    "success"
                  ],
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "The backend that answers from now on was chosen."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "budget_alerted"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One amount that is counted or paid for.",
                  "properties": {
                    "metric_type": {
                      "bsonType": "string",
                      "description": "What is counted.",
                      "enum": [
                        "input_tokens",
                        "output_tokens",
                        "total_tokens",
                        "cost_usd",
                        "cost_credits",
                        "quota_used",
                        "quota_remaining"
                      ]
                    },
                    "value": {
                      "bsonType": [
                        "double",
                        "int",
                        "long"
                      ],
                      "description": "The amount, in `unit`."
                    },
                    "unit": {
                      "bsonType": "string",
                      "description": "The currency, or the unit of the count."
                    },
                    "backend": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The backend that it was used at."
                    },
                    "model": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The model that used it."
                    }
                  },
                  "required": [
                    "metric_type",
                    "value",
                    "unit"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Spending came close to a budget, or went over it."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "cache_hit"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One measurement.",
                  "properties": {
                    "metric": {
                      "bsonType": "string",
                      "description": "What is measured."
                    },
                    "value": {
                      "bsonType": [
                        "double",
                        "int",
                        "long"
                      ],
                      "description": "The measurement, in `unit`."
                    },
                    "unit": {
                      "bsonType": "string",
                      "description": "The unit it is measured in."
                    },
                    "tags": {
                      "bsonType": "object",
                      "description": "What to tell measurements of the same metric apart by.",
                      "additionalProperties": {
                        "bsonType": "string"
                      }
                    }
                  },
                  "required": [
                    "metric",
                    "value",
                    "unit",
                    "tags"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Something was found in a cache."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "cache_miss"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One measurement.",
                  "properties": {
                    "metric": {
                      "bsonType": "string",
                      "description": "What is measured."
                    },
                    "value": {
                      "bsonType": [
                        "double",
                        "int",
                        "long"
                      ],
                      "description": "The measurement, in `unit`."
                    },
                    "unit": {
                      "bsonType": "string",
                      "description": "The unit it is measured in."
                    },
                    "tags": {
                      "bsonType": "object",
                      "description": "What to tell measurements of the same metric apart by.",
                      "additionalProperties": {
                        "bsonType": "string"
                      }
                    }
                  },
                  "required": [
                    "metric",
                    "value",
                    "unit",
                    "tags"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Something was looked for in a cache and had to be fetched or made."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "command_executed"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "What was done with which part of the agent.",
                  "properties": {
                    "feature": {
                      "bsonType": "string",
                      "description": "The feature or part."
                    },
                    "action": {
                      "bsonType": "string",
                      "description": "What was done."
                    },
                    "target": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "What it was done to."
                    },
                    "duration_ms": {
                      "bsonType": [
                        "int",
                        "long",
                        "null"
                      ],
                      "description": "How long it took, in milliseconds.",
                      "minimum": 0
                    },
                    "success": {
                      "bsonType": "bool",
                      "description": "Whether it worked."
                    }
                  },
                  "required": [
                    "feature",
                    "action",
                    "success"
                  ],
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "A command was given to the agent and ran."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "config_changed"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "Names and values, chosen by whoever sends them.",
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "A setting of the agent has another value now."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "cost_incurred"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One amount that is counted or paid for.",
                  "properties": {
                    "metric_type": {
                      "bsonType": "string",
                      "description": "What is counted.",
                      "enum": [
                        "input_tokens",
                        "output_tokens",
                        "total_tokens",
                        "cost_usd",
                        "cost_credits",
                        "quota_used",
                        "quota_remaining"
                      ]
                    },
                    "value": {
                      "bsonType": [
                        "double",
                        "int",
                        "long"
                      ],
                      "description": "The amount, in `unit`."
                    },
                    "unit": {
                      "bsonType": "string",
                      "description": "The currency, or the unit of the count."
                    },
                    "backend": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The backend that it was used at."
                    },
                    "model": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The model that used it."
                    }
                  },
                  "required": [
                    "metric_type",
                    "value",
                    "unit"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Something cost money or credits."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "cpu_usage"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One measurement.",
                  "properties": {
                    "metric": {
                      "bsonType": "string",
                      "description": "What is measured."
                    },
                    "value": {
                      "bsonType": [
                        "double",
                        "int",
                        "long"
                      ],
                      "description": "The measurement, in `unit`."
                    },
                    "unit": {
                      "bsonType": "string",
                      "description": "The unit it is measured in."
                    },
                    "tags": {
                      "bsonType": "object",
                      "description": "What to tell measurements of the same metric apart by.",
                      "additionalProperties": {
                        "bsonType": "string"
                      }
                    }
                  },
                  "required": [
                    "metric",
                    "value",
                    "unit",
                    "tags"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "How busy the agent keeps the processor."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "disk_usage"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One measurement.",
                  "properties": {
                    "metric": {
                      "bsonType": "string",
                      "description": "What is measured."
                    },
                    "value": {
                      "bsonType": [
                        "double",
                        "int",
                        "long"
                      ],
                      "description": "The measurement, in `unit`."
                    },
                    "unit": {
                      "bsonType": "string",
                      "description": "The unit it is measured in."
                    },
                    "tags": {
                      "bsonType": "object",
                      "description": "What to tell measurements of the same metric apart by.",
                      "additionalProperties": {
                        "bsonType": "string"
                      }
                    }
                  },
                  "required": [
                    "metric",
                    "value",
                    "unit",
                    "tags"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "How much of the disk the agent takes."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "error_occurred"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One error, free of secrets.",
                  "properties": {
                    "code": {
                      "bsonType": "string",
                      "description": "Code of the error."
                    },
                    "message": {
                      "bsonType": "string",
                      "description": "The error in words. Secrets in it are taken out."
                    },
                    "severity": {
                      "bsonType": "string",
                      "description": "How bad an error is.",
                      "enum": [
                        "debug",
                        "info",
                        "warning",
                        "error",
                        "critical"
                      ]
                    },
                    "stack_trace": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "Where in the code it happened, if that may be told. Secrets in it are taken out."
                    },
                    "component": {
                      "bsonType": "string",
                      "description": "The part of the agent where it happened."
                    },
                    "recovered": {
                      "bsonType": "bool",
                      "description": "Whether the agent could go on."
                    }
                  },
                  "required": [
                    "code",
                    "message",
                    "severity",
                    "component",
                    "recovered"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Something went wrong."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "feature_used"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "What was done with which part of the agent.",
                  "properties": {
                    "feature": {
                      "bsonType": "string",
                      "description": "The feature or part."
                    },
                    "action": {
                      "bsonType": "string",
                      "description": "What was done."
                    },
                    "target": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "What it was done to."
                    },
                    "duration_ms": {
                      "bsonType": [
                        "int",
                        "long",
                        "null"
                      ],
                      "description": "How long it took, in milliseconds.",
                      "minimum": 0
                    },
                    "success": {
                      "bsonType": "bool",
                      "description": "Whether it worked."
                    }
                  },
                  "required": [
                    "feature",
                    "action",
                    "success"
                  ],
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Somebody used a feature of the agent."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                {
                  "custom": "linter.run_completed"
                }
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "properties": {
                    "tool": {
                      "bsonType": "string",
                      "description": "The linter that ran."
                    },
                    "findings": {
                      "bsonType": [
                        "int",
                        "long"
                      ],
                      "description": "How many things it complains about.",
                      "minimum": 0
                    },
                    "fixed": {
                      "bsonType": [
                        "int",
                        "long",
                        "null"
                      ],
                      "description": "How many of them it put right by itself.",
                      "minimum": 0
                    },
                    "duration_ms": {
                      "bsonType": [
                        "int",
                        "long"
                      ],
                      "description": "How long it took, in milliseconds.",
                      "minimum": 0
                    }
                  },
                  "required": [
                    "tool",
                    "findings",
                    "duration_ms"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "A linter went over the workspace."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "memory_usage"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One measurement.",
                  "properties": {
                    "metric": {
                      "bsonType": "string",
                      "description": "What is measured."
                    },
                    "value": {
                      "bsonType": [
                        "double",
                        "int",
                        "long"
                      ],
                      "description": "The measurement, in `unit`."
                    },
                    "unit": {
                      "bsonType": "string",
                      "description": "The unit it is measured in."
                    },
                    "tags": {
                      "bsonType": "object",
                      "description": "What to tell measurements of the same metric apart by.",
                      "additionalProperties": {
                        "bsonType": "string"
                      }
                    }
                  },
                  "required": [
                    "metric",
                    "value",
                    "unit",
                    "tags"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "How much memory the agent uses."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "mission_cancelled"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "What was done with which part of the agent.",
                  "properties": {
                    "feature": {
                      "bsonType": "string",
                      "description": "The feature or part."
                    },
                    "action": {
                      "bsonType": "string",
                      "description": "What was done."
                    },
                    "target": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "What it was done to."
                    },
                    "duration_ms": {
                      "bsonType": [
                        "int",
                        "long",
                        "null"
                      ],
                      "description": "How long it took, in milliseconds.",
                      "minimum": 0
                    },
                    "success": {
                      "bsonType": "bool",
                      "description": "Whether it worked."
                    }
                  },
                  "required": [
                    "feature",
                    "action",
                    "success"
                  ],
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "A mission was called off before it ended."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "mission_completed"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "What was done with which part of the agent.",
                  "properties": {
                    "feature": {
                      "bsonType": "string",
                      "description": "The feature or part."
                    },
                    "action": {
                      "bsonType": "string",
                      "description": "What was done."
                    },
                    "target": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "What it was done to."
                    },
                    "duration_ms": {
                      "bsonType": [
                        "int",
                        "long",
                        "null"
                      ],
                      "description": "How long it took, in milliseconds.",
                      "minimum": 0
                    },
                    "success": {
                      "bsonType": "bool",
                      "description": "Whether it worked."
                    }
                  },
                  "required": [
                    "feature",
                    "action",
                    "success"
                  ],
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "The agent finished a mission."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "mission_created"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "What was done with which part of the agent.",
                  "properties": {
                    "feature": {
                      "bsonType": "string",
                      "description": "The feature or part."
                    },
                    "action": {
                      "bsonType": "string",
                      "description": "What was done."
                    },
                    "target": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "What it was done to."
                    },
                    "duration_ms": {
                      "bsonType": [
                        "int",
                        "long",
                        "null"
                      ],
                      "description": "How long it took, in milliseconds.",
                      "minimum": 0
                    },
                    "success": {
                      "bsonType": "bool",
                      "description": "Whether it worked."
                    }
                  },
                  "required": [
                    "feature",
                    "action",
                    "success"
                  ],
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "The agent was given a mission."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "mission_failed"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "What was done with which part of the agent.",
                  "properties": {
                    "feature": {
                      "bsonType": "string",
                      "description": "The feature or part."
                    },
                    "action": {
                      "bsonType": "string",
                      "description": "What was done."
                    },
                    "target": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "What it was done to."
                    },
                    "duration_ms": {
                      "bsonType": [
                        "int",
                        "long",
                        "null"
                      ],
                      "description": "How long it took, in milliseconds.",
                      "minimum": 0
                    },
                    "success": {
                      "bsonType": "bool",
                      "description": "Whether it worked."
                    }
                  },
                  "required": [
                    "feature",
                    "action",
                    "success"
                  ],
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "The agent gave a mission up because something went wrong."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "network_latency"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One measurement.",
                  "properties": {
                    "metric": {
                      "bsonType": "string",
                      "description": "What is measured."
                    },
                    "value": {
                      "bsonType": [
                        "double",
                        "int",
                        "long"
                      ],
                      "description": "The measurement, in `unit`."
                    },
                    "unit": {
                      "bsonType": "string",
                      "description": "The unit it is measured in."
                    },
                    "tags": {
                      "bsonType": "object",
                      "description": "What to tell measurements of the same metric apart by.",
                      "additionalProperties": {
                        "bsonType": "string"
                      }
                    }
                  },
                  "required": [
                    "metric",
                    "value",
                    "unit",
                    "tags"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "How long a round trip over the network took."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "panic_caught"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One error, free of secrets.",
                  "properties": {
                    "code": {
                      "bsonType": "string",
                      "description": "Code of the error."
                    },
                    "message": {
                      "bsonType": "string",
                      "description": "The error in words. Secrets in it are taken out."
                    },
                    "severity": {
                      "bsonType": "string",
                      "description": "How bad an error is.",
                      "enum": [
                        "debug",
                        "info",
                        "warning",
                        "error",
                        "critical"
                      ]
                    },
                    "stack_trace": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "Where in the code it happened, if that may be told. Secrets in it are taken out."
                    },
                    "component": {
                      "bsonType": "string",
                      "description": "The part of the agent where it happened."
                    },
                    "recovered": {
                      "bsonType": "bool",
                      "description": "Whether the agent could go on."
                    }
                  },
                  "required": [
                    "code",
                    "message",
                    "severity",
                    "component",
                    "recovered"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "A part of the agent panicked, and the panic was caught."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "permission_denied"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "Names and values, chosen by whoever sends them.",
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "The agent was refused something that it has no permission for."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "plugin_loaded"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "Names and values, chosen by whoever sends them.",
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "A plugin is part of the agent from now on."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "plugin_unloaded"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "Names and values, chosen by whoever sends them.",
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "A plugin is no longer part of the agent."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "quota_checked"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One amount that is counted or paid for.",
                  "properties": {
                    "metric_type": {
                      "bsonType": "string",
                      "description": "What is counted.",
                      "enum": [
                        "input_tokens",
                        "output_tokens",
                        "total_tokens",
                        "cost_usd",
                        "cost_credits",
                        "quota_used",
                        "quota_remaining"
                      ]
                    },
                    "value": {
                      "bsonType": [
                        "double",
                        "int",
                        "long"
                      ],
                      "description": "The amount, in `unit`."
                    },
                    "unit": {
                      "bsonType": "string",
                      "description": "The currency, or the unit of the count."
                    },
                    "backend": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The backend that it was used at."
                    },
                    "model": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The model that used it."
                    }
                  },
                  "required": [
                    "metric_type",
                    "value",
                    "unit"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "The agent looked how much of a quota is used, or left."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "response_latency"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One measurement.",
                  "properties": {
                    "metric": {
                      "bsonType": "string",
                      "description": "What is measured."
                    },
                    "value": {
                      "bsonType": [
                        "double",
                        "int",
                        "long"
                      ],
                      "description": "The measurement, in `unit`."
                    },
                    "unit": {
                      "bsonType": "string",
                      "description": "The unit it is measured in."
                    },
                    "tags": {
                      "bsonType": "object",
                      "description": "What to tell measurements of the same metric apart by.",
                      "additionalProperties": {
                        "bsonType": "string"
                      }
                    }
                  },
                  "required": [
                    "metric",
                    "value",
                    "unit",
                    "tags"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "How long a backend took to answer."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "retry_attempted"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One error, free of secrets.",
                  "properties": {
                    "code": {
                      "bsonType": "string",
                      "description": "Code of the error."
                    },
                    "message": {
                      "bsonType": "string",
                      "description": "The error in words. Secrets in it are taken out."
                    },
                    "severity": {
                      "bsonType": "string",
                      "description": "How bad an error is.",
                      "enum": [
                        "debug",
                        "info",
                        "warning",
                        "error",
                        "critical"
                      ]
                    },
                    "stack_trace": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "Where in the code it happened, if that may be told. Secrets in it are taken out."
                    },
                    "component": {
                      "bsonType": "string",
                      "description": "The part of the agent where it happened."
                    },
                    "recovered": {
                      "bsonType": "bool",
                      "description": "Whether the agent could go on."
                    }
                  },
                  "required": [
                    "code",
                    "message",
                    "severity",
                    "component",
                    "recovered"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "The agent tries again what did not work."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "sensitive_data_accessed"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "Names and values, chosen by whoever sends them.",
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Something was read that is marked as sensitive."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "session_ended"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "What was done with which part of the agent.",
                  "properties": {
                    "feature": {
                      "bsonType": "string",
                      "description": "The feature or part."
                    },
                    "action": {
                      "bsonType": "string",
                      "description": "What was done."
                    },
                    "target": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "What it was done to."
                    },
                    "duration_ms": {
                      "bsonType": [
                        "int",
                        "long",
                        "null"
                      ],
                      "description": "How long it took, in milliseconds.",
                      "minimum": 0
                    },
                    "success": {
                      "bsonType": "bool",
                      "description": "Whether it worked."
                    }
                  },
                  "required": [
                    "feature",
                    "action",
                    "success"
                  ],
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "A session with the agent is over."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "session_started"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "What was done with which part of the agent.",
                  "properties": {
                    "feature": {
                      "bsonType": "string",
                      "description": "The feature or part."
                    },
                    "action": {
                      "bsonType": "string",
                      "description": "What was done."
                    },
                    "target": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "What it was done to."
                    },
                    "duration_ms": {
                      "bsonType": [
                        "int",
                        "long",
                        "null"
                      ],
                      "description": "How long it took, in milliseconds.",
                      "minimum": 0
                    },
                    "success": {
                      "bsonType": "bool",
                      "description": "Whether it worked."
                    }
                  },
                  "required": [
                    "feature",
                    "action",
                    "success"
                  ],
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Somebody opened the agent."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "system_shutdown"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "Names and values, chosen by whoever sends them.",
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "The agent stopped in good order."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "system_started"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "Names and values, chosen by whoever sends them.",
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "The agent started."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "timeout_occurred"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One error, free of secrets.",
                  "properties": {
                    "code": {
                      "bsonType": "string",
                      "description": "Code of the error."
                    },
                    "message": {
                      "bsonType": "string",
                      "description": "The error in words. Secrets in it are taken out."
                    },
                    "severity": {
                      "bsonType": "string",
                      "description": "How bad an error is.",
                      "enum": [
                        "debug",
                        "info",
                        "warning",
                        "error",
                        "critical"
                      ]
                    },
                    "stack_trace": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "Where in the code it happened, if that may be told. Secrets in it are taken out."
                    },
                    "component": {
                      "bsonType": "string",
                      "description": "The part of the agent where it happened."
                    },
                    "recovered": {
                      "bsonType": "bool",
                      "description": "Whether the agent could go on."
                    }
                  },
                  "required": [
                    "code",
                    "message",
                    "severity",
                    "component",
                    "recovered"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Something took longer than it may."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "tokens_consumed"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One amount that is counted or paid for.",
                  "properties": {
                    "metric_type": {
                      "bsonType": "string",
                      "description": "What is counted.",
                      "enum": [
                        "input_tokens",
                        "output_tokens",
                        "total_tokens",
                        "cost_usd",
                        "cost_credits",
                        "quota_used",
                        "quota_remaining"
                      ]
                    },
                    "value": {
                      "bsonType": [
                        "double",
                        "int",
                        "long"
                      ],
                      "description": "The amount, in `unit`."
                    },
                    "unit": {
                      "bsonType": "string",
                      "description": "The currency, or the unit of the count."
                    },
                    "backend": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The backend that it was used at."
                    },
                    "model": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "The model that used it."
                    }
                  },
                  "required": [
                    "metric_type",
                    "value",
                    "unit"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "A model used tokens."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "tool_invoked"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "What was done with which part of the agent.",
                  "properties": {
                    "feature": {
                      "bsonType": "string",
                      "description": "The feature or part."
                    },
                    "action": {
                      "bsonType": "string",
                      "description": "What was done."
                    },
                    "target": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "What it was done to."
                    },
                    "duration_ms": {
                      "bsonType": [
                        "int",
                        "long",
                        "null"
                      ],
                      "description": "How long it took, in milliseconds.",
                      "minimum": 0
                    },
                    "success": {
                      "bsonType": "bool",
                      "description": "Whether it worked."
                    }
                  },
                  "required": [
                    "feature",
                    "action",
                    "success"
                  ],
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "The agent used one of its tools."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "update_available"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "Names and values, chosen by whoever sends them.",
                  "additionalProperties": true
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "There is a newer version of the agent."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "validation_failed"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One error, free of secrets.",
                  "properties": {
                    "code": {
                      "bsonType": "string",
                      "description": "Code of the error."
                    },
                    "message": {
                      "bsonType": "string",
                      "description": "The error in words. Secrets in it are taken out."
                    },
                    "severity": {
                      "bsonType": "string",
                      "description": "How bad an error is.",
                      "enum": [
                        "debug",
                        "info",
                        "warning",
                        "error",
                        "critical"
                      ]
                    },
                    "stack_trace": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "Where in the code it happened, if that may be told. Secrets in it are taken out."
                    },
                    "component": {
                      "bsonType": "string",
                      "description": "The part of the agent where it happened."
                    },
                    "recovered": {
                      "bsonType": "bool",
                      "description": "Whether the agent could go on."
                    }
                  },
                  "required": [
                    "code",
                    "message",
                    "severity",
                    "component",
                    "recovered"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Some input, or something that a model wrote, is not in the form it must have."
        },
        {
          "properties": {
            "event_type": {
              "enum": [
                "warning_raised"
              ]
            },
            "data": {
              "anyOf": [
                {
                  "bsonType": "object",
                  "description": "One error, free of secrets.",
                  "properties": {
                    "code": {
                      "bsonType": "string",
                      "description": "Code of the error."
                    },
                    "message": {
                      "bsonType": "string",
                      "description": "The error in words. Secrets in it are taken out."
                    },
                    "severity": {
                      "bsonType": "string",
                      "description": "How bad an error is.",
                      "enum": [
                        "debug",
                        "info",
                        "warning",
                        "error",
                        "critical"
                      ]
                    },
                    "stack_trace": {
                      "bsonType": [
                        "string",
                        "null"
                      ],
                      "description": "Where in the code it happened, if that may be told. Secrets in it are taken out."
                    },
                    "component": {
                      "bsonType": "string",
                      "description": "The part of the agent where it happened."
                    },
                    "recovered": {
                      "bsonType": "bool",
                      "description": "Whether the agent could go on."
                    }
                  },
                  "required": [
                    "code",
                    "message",
                    "severity",
                    "component",
                    "recovered"
                  ]
                },
                {
                  "bsonType": "null"
                }
              ]
            }
          },
          "required": [
            "event_type"
          ],
          "description": "Something looks wrong but did no harm yet."
        },
        {
          "properties": {
            "event_type": {
              "not": {
                "enum": [
                  "auth_attempted",
                  "backend_selected",
                  "budget_alerted",
                  "cache_hit",
                  "cache_miss",
                  "command_executed",
                  "config_changed",
                  "cost_incurred",
                  "cpu_usage",
                  "disk_usage",
                  "error_occurred",
                  "feature_used",
                  "linter.run_completed",
                  "memory_usage",
                  "mission_cancelled",
                  "mission_completed",
                  "mission_created",
                  "mission_failed",
                  "network_latency",
                  "panic_caught",
                  "permission_denied",
                  "plugin_loaded",
                  "plugin_unloaded",
                  "quota_checked",
                  "response_latency",
                  "retry_attempted",
                  "sensitive_data_accessed",
                  "session_ended",
                  "session_started",
                  "system_shutdown",
                  "system_started",
                  "timeout_occurred",
                  "tokens_consumed",
                  "tool_invoked",
                  "update_available",
                  "validation_failed",
                  "warning_raised"
                ]
              }
            }
          },
          "required": [
            "event_type"
          ],
          "description": "An event of a type that the catalog does not declare."
        }
      ]
    }
  },
  "validationLevel": "strict",
  "validationAction": "error"
});
db.getCollection("events").createIndex({"event_type":1,"timestamp":1});
db.getCollection("events").createIndex({"session_id":1,"timestamp":1});
