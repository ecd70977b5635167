// In the form that `wit-bindgen` 0.61.1 generates; `make bindings` writes it again.
#include "analyzer.h"
#include <stdlib.h>
#include <string.h>

// Exported Functions from `mcpcap:analysis/analyze@0.2.0`

__attribute__((__weak__, __export_name__("cabi_post_mcpcap:analysis/analyze@0.2.0#describe")))
void __wasm_export_exports_mcpcap_analysis_analyze_describe_post_return(uint8_t * arg0) {
  if ((*((size_t*) (arg0 + sizeof(void*)))) > 0) {
    free(*((uint8_t **) (arg0 + 0)));
  }
}

__attribute__((__weak__, __export_name__("cabi_post_mcpcap:analysis/analyze@0.2.0#prompt")))
void __wasm_export_exports_mcpcap_analysis_analyze_prompt_post_return(uint8_t * arg0) {
  switch ((int32_t) (int32_t) *((uint8_t*) (arg0 + 0))) {
    case 0: {
      if ((*((size_t*) (arg0 + (8+1*sizeof(void*))))) > 0) {
        free(*((uint8_t **) (arg0 + 8)));
      }
      break;
    }
    case 1: {
      switch ((int32_t) (int32_t) *((uint8_t*) (arg0 + 8))) {
        case 0: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          if ((*((size_t*) (arg0 + (16+3*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + (16+2*sizeof(void*)))));
          }
          break;
        }
        case 1: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          break;
        }
        case 2: {
          if ((*((size_t*) (arg0 + (48+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 48)));
          }
          break;
        }
        case 3: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          if ((*((size_t*) (arg0 + (16+3*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + (16+2*sizeof(void*)))));
          }
          break;
        }
      }
      break;
    }
  }
}

__attribute__((__weak__, __export_name__("cabi_post_mcpcap:analysis/analyze@0.2.0#open")))
void __wasm_export_exports_mcpcap_analysis_analyze_open_post_return(uint8_t * arg0) {
  switch ((int32_t) (int32_t) *((uint8_t*) (arg0 + 0))) {
    case 0: {
      break;
    }
    case 1: {
      switch ((int32_t) (int32_t) *((uint8_t*) (arg0 + 8))) {
        case 0: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          if ((*((size_t*) (arg0 + (16+3*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + (16+2*sizeof(void*)))));
          }
          break;
        }
        case 1: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          break;
        }
        case 2: {
          if ((*((size_t*) (arg0 + (48+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 48)));
          }
          break;
        }
        case 3: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          if ((*((size_t*) (arg0 + (16+3*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + (16+2*sizeof(void*)))));
          }
          break;
        }
      }
      break;
    }
  }
}

__attribute__((__weak__, __export_name__("cabi_post_mcpcap:analysis/analyze@0.2.0#feed")))
void __wasm_export_exports_mcpcap_analysis_analyze_feed_post_return(uint8_t * arg0) {
  switch ((int32_t) (int32_t) *((uint8_t*) (arg0 + 0))) {
    case 0: {
      break;
    }
    case 1: {
      switch ((int32_t) (int32_t) *((uint8_t*) (arg0 + 8))) {
        case 0: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          if ((*((size_t*) (arg0 + (16+3*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + (16+2*sizeof(void*)))));
          }
          break;
        }
        case 1: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          break;
        }
        case 2: {
          if ((*((size_t*) (arg0 + (48+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 48)));
          }
          break;
        }
        case 3: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          if ((*((size_t*) (arg0 + (16+3*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + (16+2*sizeof(void*)))));
          }
          break;
        }
      }
      break;
    }
  }
}

__attribute__((__weak__, __export_name__("cabi_post_mcpcap:analysis/analyze@0.2.0#finish")))
void __wasm_export_exports_mcpcap_analysis_analyze_finish_post_return(uint8_t * arg0) {
  switch ((int32_t) (int32_t) *((uint8_t*) (arg0 + 0))) {
    case 0: {
      if ((*((size_t*) (arg0 + (8+1*sizeof(void*))))) > 0) {
        free(*((uint8_t **) (arg0 + 8)));
      }
      break;
    }
    case 1: {
      switch ((int32_t) (int32_t) *((uint8_t*) (arg0 + 8))) {
        case 0: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          if ((*((size_t*) (arg0 + (16+3*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + (16+2*sizeof(void*)))));
          }
          break;
        }
        case 1: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          break;
        }
        case 2: {
          if ((*((size_t*) (arg0 + (48+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 48)));
          }
          break;
        }
        case 3: {
          if ((*((size_t*) (arg0 + (16+1*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + 16)));
          }
          if ((*((size_t*) (arg0 + (16+3*sizeof(void*))))) > 0) {
            free(*((uint8_t **) (arg0 + (16+2*sizeof(void*)))));
          }
          break;
        }
      }
      break;
    }
  }
}

// Canonical ABI intrinsics

__attribute__((__weak__, __export_name__("cabi_realloc")))
void *cabi_realloc(void *ptr, size_t old_size, size_t align, size_t new_size) {
  (void) old_size;
  if (new_size == 0) return (void*) align;
  void *ret = realloc(ptr, new_size);
  if (!ret) abort();
  return ret;
}

__attribute__((__aligned__(8)))
static uint8_t RET_AREA[(48+2*sizeof(void*))];

// Helper Functions

void analyzer_option_u8_free(analyzer_option_u8_t *ptr) {
  if (ptr->is_some) {
  }
}

void analyzer_option_string_free(analyzer_option_string_t *ptr) {
  if (ptr->is_some) {
    analyzer_string_free(&ptr->val);
  }
}

void mcpcap_analysis_types_link_free(mcpcap_analysis_types_link_t *ptr) {
  analyzer_option_u8_free(&ptr->fcs_length);
  analyzer_option_string_free(&ptr->name);
}

void analyzer_list_u64_free(analyzer_list_u64_t *ptr) {
  size_t list_len = ptr->len;
  if (list_len > 0) {
    uint64_t *list_ptr = ptr->ptr;
    for (size_t i = 0; i < list_len; i++) {
    }
    free(list_ptr);
  }
}

void analyzer_list_u32_free(analyzer_list_u32_t *ptr) {
  size_t list_len = ptr->len;
  if (list_len > 0) {
    uint32_t *list_ptr = ptr->ptr;
    for (size_t i = 0; i < list_len; i++) {
    }
    free(list_ptr);
  }
}

void mcpcap_analysis_types_index_free(mcpcap_analysis_types_index_t *ptr) {
  analyzer_list_u64_free(&ptr->timestamp);
  analyzer_list_u32_free(&ptr->offset);
  analyzer_list_u32_free(&ptr->captured);
  analyzer_list_u32_free(&ptr->original);
  analyzer_list_u32_free(&ptr->link);
  analyzer_list_u32_free(&ptr->flags);
}

void mcpcap_analysis_types_frames_free(mcpcap_analysis_types_frames_t *ptr) {
  analyzer_list_u64_free(&ptr->number);
  analyzer_list_u64_free(&ptr->timestamp);
  analyzer_list_u32_free(&ptr->offset);
  analyzer_list_u32_free(&ptr->captured);
  analyzer_list_u32_free(&ptr->original);
  analyzer_list_u32_free(&ptr->link);
  analyzer_list_u32_free(&ptr->flags);
}

void mcpcap_analysis_types_list_link_free(mcpcap_analysis_types_list_link_t *ptr) {
  size_t list_len = ptr->len;
  if (list_len > 0) {
    mcpcap_analysis_types_link_t *list_ptr = ptr->ptr;
    for (size_t i = 0; i < list_len; i++) {
      mcpcap_analysis_types_link_free(&list_ptr[i]);
    }
    free(list_ptr);
  }
}

void analyzer_list_u8_free(analyzer_list_u8_t *ptr) {
  size_t list_len = ptr->len;
  if (list_len > 0) {
    uint8_t *list_ptr = ptr->ptr;
    for (size_t i = 0; i < list_len; i++) {
    }
    free(list_ptr);
  }
}

void mcpcap_analysis_types_batch_free(mcpcap_analysis_types_batch_t *ptr) {
  mcpcap_analysis_types_frames_free(&ptr->frames);
  mcpcap_analysis_types_list_link_free(&ptr->links);
  analyzer_list_u8_free(&ptr->data);
}

void analyzer_list_u16_free(analyzer_list_u16_t *ptr) {
  size_t list_len = ptr->len;
  if (list_len > 0) {
    uint16_t *list_ptr = ptr->ptr;
    for (size_t i = 0; i < list_len; i++) {
    }
    free(list_ptr);
  }
}

void mcpcap_analysis_types_packets_free(mcpcap_analysis_types_packets_t *ptr) {
  analyzer_list_u32_free(&ptr->row);
  analyzer_list_u32_free(&ptr->stack);
  analyzer_list_u8_free(&ptr->version);
  analyzer_list_u64_free(&ptr->source_high);
  analyzer_list_u64_free(&ptr->source_low);
  analyzer_list_u64_free(&ptr->destination_high);
  analyzer_list_u64_free(&ptr->destination_low);
  analyzer_list_u8_free(&ptr->hop_limit);
  analyzer_list_u8_free(&ptr->protocol);
  analyzer_list_u32_free(&ptr->identification);
  analyzer_list_u8_free(&ptr->ip_flags);
  analyzer_list_u8_free(&ptr->traffic_class);
  analyzer_list_u8_free(&ptr->transport);
  analyzer_list_u16_free(&ptr->source_port);
  analyzer_list_u16_free(&ptr->destination_port);
  analyzer_list_u32_free(&ptr->header);
  analyzer_list_u32_free(&ptr->header_length);
  analyzer_list_u32_free(&ptr->payload);
  analyzer_list_u32_free(&ptr->captured);
  analyzer_list_u32_free(&ptr->length);
  analyzer_list_u8_free(&ptr->stop);
  analyzer_list_u32_free(&ptr->unread);
  analyzer_list_u64_free(&ptr->copy_of);
  analyzer_list_u64_free(&ptr->flow);
  analyzer_list_u64_free(&ptr->layers);
  analyzer_list_u32_free(&ptr->layer_ends);
  analyzer_list_u64_free(&ptr->tunnels);
  analyzer_list_u8_free(&ptr->tunnel_versions);
  analyzer_list_u32_free(&ptr->tunnel_ends);
  analyzer_list_u32_free(&ptr->fragment_packet);
  analyzer_list_u64_free(&ptr->fragment_frame);
  analyzer_list_u32_free(&ptr->header_packet);
  analyzer_list_u64_free(&ptr->header_layer);
  analyzer_list_u32_free(&ptr->header_offset);
  analyzer_list_u32_free(&ptr->header_octets);
  analyzer_list_u8_free(&ptr->joined);
}

void mcpcap_analysis_types_bad_argument_free(mcpcap_analysis_types_bad_argument_t *ptr) {
  analyzer_string_free(&ptr->argument);
  analyzer_string_free(&ptr->reason);
}

void analyzer_option_u64_free(analyzer_option_u64_t *ptr) {
  if (ptr->is_some) {
  }
}

void mcpcap_analysis_types_bad_input_free(mcpcap_analysis_types_bad_input_t *ptr) {
  analyzer_option_u64_free(&ptr->offset);
  analyzer_option_u64_free(&ptr->frame);
  analyzer_string_free(&ptr->reason);
}

void mcpcap_analysis_types_limit_reached_free(mcpcap_analysis_types_limit_reached_t *ptr) {
  analyzer_string_free(&ptr->limit);
  analyzer_string_free(&ptr->reason);
}

void mcpcap_analysis_types_problem_free(mcpcap_analysis_types_problem_t *ptr) {
  switch ((int32_t) ptr->tag) {
    case 0: {
      mcpcap_analysis_types_bad_argument_free(&ptr->val.arguments);
      break;
    }
    case 1: {
      analyzer_string_free(&ptr->val.unknown_format);
      break;
    }
    case 2: {
      mcpcap_analysis_types_bad_input_free(&ptr->val.input);
      break;
    }
    case 3: {
      mcpcap_analysis_types_limit_reached_free(&ptr->val.limit);
      break;
    }
  }
}

void exports_mcpcap_analysis_analyze_batch_free(exports_mcpcap_analysis_analyze_batch_t *ptr) {
  mcpcap_analysis_types_batch_free(ptr);
}

void exports_mcpcap_analysis_analyze_packets_free(exports_mcpcap_analysis_analyze_packets_t *ptr) {
  mcpcap_analysis_types_packets_free(ptr);
}

void exports_mcpcap_analysis_analyze_problem_free(exports_mcpcap_analysis_analyze_problem_t *ptr) {
  mcpcap_analysis_types_problem_free(ptr);
}

void exports_mcpcap_analysis_analyze_result_string_problem_free(exports_mcpcap_analysis_analyze_result_string_problem_t *ptr) {
  if (!ptr->is_err) {
    analyzer_string_free(&ptr->val.ok);
  } else {
    exports_mcpcap_analysis_analyze_problem_free(&ptr->val.err);
  }
}

void exports_mcpcap_analysis_analyze_result_void_problem_free(exports_mcpcap_analysis_analyze_result_void_problem_t *ptr) {
  if (!ptr->is_err) {
  } else {
    exports_mcpcap_analysis_analyze_problem_free(&ptr->val.err);
  }
}

void exports_mcpcap_analysis_analyze_result_bool_problem_free(exports_mcpcap_analysis_analyze_result_bool_problem_t *ptr) {
  if (!ptr->is_err) {
  } else {
    exports_mcpcap_analysis_analyze_problem_free(&ptr->val.err);
  }
}

void analyzer_string_set(analyzer_string_t *ret, const char*s) {
  ret->ptr = (uint8_t*) s;
  ret->len = strlen(s);
}

void analyzer_string_dup(analyzer_string_t *ret, const char*s) {
  ret->len = strlen(s);
  ret->ptr = (uint8_t*) cabi_realloc(NULL, 0, 1, ret->len * 1);
  memcpy(ret->ptr, s, ret->len * 1);
}

void analyzer_string_dup_n(analyzer_string_t *ret, const char*s, size_t len) {
  ret->len = len;
  ret->ptr = (uint8_t*) cabi_realloc(NULL, 0, 1, ret->len * 1);
  memcpy(ret->ptr, s, ret->len * 1);
}

void analyzer_string_free(analyzer_string_t *ret) {
  if (ret->len > 0) {
    free(ret->ptr);
  }
  ret->ptr = NULL;
  ret->len = 0;
}

// Component Adapters

__attribute__((__export_name__("mcpcap:analysis/analyze@0.2.0#describe")))
uint8_t * __wasm_export_exports_mcpcap_analysis_analyze_describe(void) {
  analyzer_string_t ret;
  exports_mcpcap_analysis_analyze_describe(&ret);
  uint8_t *ptr = (uint8_t *) &RET_AREA;
  *((size_t*)(ptr + sizeof(void*))) = (ret).len;
  *((uint8_t **)(ptr + 0)) = (uint8_t *) (ret).ptr;
  return ptr;
}

__attribute__((__export_name__("mcpcap:analysis/analyze@0.2.0#prompt")))
uint8_t * __wasm_export_exports_mcpcap_analysis_analyze_prompt(uint8_t * arg, size_t arg0, uint8_t * arg1, size_t arg2) {
  analyzer_string_t arg3 = (analyzer_string_t) { (uint8_t*)(arg), (arg0) };
  analyzer_string_t arg4 = (analyzer_string_t) { (uint8_t*)(arg1), (arg2) };
  exports_mcpcap_analysis_analyze_result_string_problem_t ret;
  analyzer_string_t ok;
  exports_mcpcap_analysis_analyze_problem_t err;
  ret.is_err = !exports_mcpcap_analysis_analyze_prompt(&arg3, &arg4, &ok, &err);
  if (ret.is_err) {
    ret.val.err = err;
  }
  if (!ret.is_err) {
    ret.val.ok = ok;
  }
  uint8_t *ptr = (uint8_t *) &RET_AREA;
  if ((ret).is_err) {
    const exports_mcpcap_analysis_analyze_problem_t *payload5 = &(ret).val.err;*((int8_t*)(ptr + 0)) = 1;
    switch ((int32_t) (*payload5).tag) {
      case 0: {
        const mcpcap_analysis_types_bad_argument_t *payload6 = &(*payload5).val.arguments;
        *((int8_t*)(ptr + 8)) = 0;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = ((*payload6).argument).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) ((*payload6).argument).ptr;
        *((size_t*)(ptr + (16+3*sizeof(void*)))) = ((*payload6).reason).len;
        *((uint8_t **)(ptr + (16+2*sizeof(void*)))) = (uint8_t *) ((*payload6).reason).ptr;
        break;
      }
      case 1: {
        const analyzer_string_t *payload7 = &(*payload5).val.unknown_format;
        *((int8_t*)(ptr + 8)) = 1;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = (*payload7).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) (*payload7).ptr;
        break;
      }
      case 2: {
        const mcpcap_analysis_types_bad_input_t *payload8 = &(*payload5).val.input;
        *((int8_t*)(ptr + 8)) = 2;
        if (((*payload8).offset).is_some) {
          const uint64_t *payload10 = &((*payload8).offset).val;
          *((int8_t*)(ptr + 16)) = 1;
          *((int64_t*)(ptr + 24)) = (int64_t) (*payload10);
        } else {
          *((int8_t*)(ptr + 16)) = 0;
        }
        if (((*payload8).frame).is_some) {
          const uint64_t *payload12 = &((*payload8).frame).val;
          *((int8_t*)(ptr + 32)) = 1;
          *((int64_t*)(ptr + 40)) = (int64_t) (*payload12);
        } else {
          *((int8_t*)(ptr + 32)) = 0;
        }
        *((size_t*)(ptr + (48+1*sizeof(void*)))) = ((*payload8).reason).len;
        *((uint8_t **)(ptr + 48)) = (uint8_t *) ((*payload8).reason).ptr;
        break;
      }
      case 3: {
        const mcpcap_analysis_types_limit_reached_t *payload13 = &(*payload5).val.limit;
        *((int8_t*)(ptr + 8)) = 3;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = ((*payload13).limit).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) ((*payload13).limit).ptr;
        *((size_t*)(ptr + (16+3*sizeof(void*)))) = ((*payload13).reason).len;
        *((uint8_t **)(ptr + (16+2*sizeof(void*)))) = (uint8_t *) ((*payload13).reason).ptr;
        break;
      }
    }
  } else {
    const analyzer_string_t *payload = &(ret).val.ok;*((int8_t*)(ptr + 0)) = 0;
    *((size_t*)(ptr + (8+1*sizeof(void*)))) = (*payload).len;
    *((uint8_t **)(ptr + 8)) = (uint8_t *) (*payload).ptr;
  }
  return ptr;
}

__attribute__((__export_name__("mcpcap:analysis/analyze@0.2.0#open")))
uint8_t * __wasm_export_exports_mcpcap_analysis_analyze_open(uint8_t * arg, size_t arg0, uint8_t * arg1, size_t arg2) {
  analyzer_string_t arg3 = (analyzer_string_t) { (uint8_t*)(arg), (arg0) };
  analyzer_string_t arg4 = (analyzer_string_t) { (uint8_t*)(arg1), (arg2) };
  exports_mcpcap_analysis_analyze_result_void_problem_t ret;
  exports_mcpcap_analysis_analyze_problem_t err;
  ret.is_err = !exports_mcpcap_analysis_analyze_open(&arg3, &arg4, &err);
  if (ret.is_err) {
    ret.val.err = err;
  }
  uint8_t *ptr = (uint8_t *) &RET_AREA;
  if ((ret).is_err) {
    const exports_mcpcap_analysis_analyze_problem_t *payload5 = &(ret).val.err;*((int8_t*)(ptr + 0)) = 1;
    switch ((int32_t) (*payload5).tag) {
      case 0: {
        const mcpcap_analysis_types_bad_argument_t *payload6 = &(*payload5).val.arguments;
        *((int8_t*)(ptr + 8)) = 0;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = ((*payload6).argument).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) ((*payload6).argument).ptr;
        *((size_t*)(ptr + (16+3*sizeof(void*)))) = ((*payload6).reason).len;
        *((uint8_t **)(ptr + (16+2*sizeof(void*)))) = (uint8_t *) ((*payload6).reason).ptr;
        break;
      }
      case 1: {
        const analyzer_string_t *payload7 = &(*payload5).val.unknown_format;
        *((int8_t*)(ptr + 8)) = 1;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = (*payload7).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) (*payload7).ptr;
        break;
      }
      case 2: {
        const mcpcap_analysis_types_bad_input_t *payload8 = &(*payload5).val.input;
        *((int8_t*)(ptr + 8)) = 2;
        if (((*payload8).offset).is_some) {
          const uint64_t *payload10 = &((*payload8).offset).val;
          *((int8_t*)(ptr + 16)) = 1;
          *((int64_t*)(ptr + 24)) = (int64_t) (*payload10);
        } else {
          *((int8_t*)(ptr + 16)) = 0;
        }
        if (((*payload8).frame).is_some) {
          const uint64_t *payload12 = &((*payload8).frame).val;
          *((int8_t*)(ptr + 32)) = 1;
          *((int64_t*)(ptr + 40)) = (int64_t) (*payload12);
        } else {
          *((int8_t*)(ptr + 32)) = 0;
        }
        *((size_t*)(ptr + (48+1*sizeof(void*)))) = ((*payload8).reason).len;
        *((uint8_t **)(ptr + 48)) = (uint8_t *) ((*payload8).reason).ptr;
        break;
      }
      case 3: {
        const mcpcap_analysis_types_limit_reached_t *payload13 = &(*payload5).val.limit;
        *((int8_t*)(ptr + 8)) = 3;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = ((*payload13).limit).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) ((*payload13).limit).ptr;
        *((size_t*)(ptr + (16+3*sizeof(void*)))) = ((*payload13).reason).len;
        *((uint8_t **)(ptr + (16+2*sizeof(void*)))) = (uint8_t *) ((*payload13).reason).ptr;
        break;
      }
    }
  } else {
    *((int8_t*)(ptr + 0)) = 0;
  }
  return ptr;
}

__attribute__((__export_name__("mcpcap:analysis/analyze@0.2.0#feed")))
uint8_t * __wasm_export_exports_mcpcap_analysis_analyze_feed(uint8_t * arg) {
  exports_mcpcap_analysis_analyze_batch_t arg1 = (mcpcap_analysis_types_batch_t) {
    (mcpcap_analysis_types_frames_t) (mcpcap_analysis_types_frames_t) {
      (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + 0))), (*((size_t*) (arg + sizeof(void*)))) },
      (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + (2*sizeof(void*))))), (*((size_t*) (arg + (3*sizeof(void*))))) },
      (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (4*sizeof(void*))))), (*((size_t*) (arg + (5*sizeof(void*))))) },
      (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (6*sizeof(void*))))), (*((size_t*) (arg + (7*sizeof(void*))))) },
      (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8*sizeof(void*))))), (*((size_t*) (arg + (9*sizeof(void*))))) },
      (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (10*sizeof(void*))))), (*((size_t*) (arg + (11*sizeof(void*))))) },
      (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (12*sizeof(void*))))), (*((size_t*) (arg + (13*sizeof(void*))))) },
    },
    (mcpcap_analysis_types_list_link_t) (mcpcap_analysis_types_list_link_t) { (mcpcap_analysis_types_link_t*)(*((uint8_t **) (arg + (14*sizeof(void*))))), (*((size_t*) (arg + (15*sizeof(void*))))) },
    (uint64_t) (uint64_t) (*((int64_t*) (arg + (16*sizeof(void*))))),
    (analyzer_list_u8_t) (analyzer_list_u8_t) { (uint8_t*)(*((uint8_t **) (arg + (8+16*sizeof(void*))))), (*((size_t*) (arg + (8+17*sizeof(void*))))) },
  };
  exports_mcpcap_analysis_analyze_packets_t arg2 = (mcpcap_analysis_types_packets_t) {
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+18*sizeof(void*))))), (*((size_t*) (arg + (8+19*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+20*sizeof(void*))))), (*((size_t*) (arg + (8+21*sizeof(void*))))) },
    (analyzer_list_u8_t) (analyzer_list_u8_t) { (uint8_t*)(*((uint8_t **) (arg + (8+22*sizeof(void*))))), (*((size_t*) (arg + (8+23*sizeof(void*))))) },
    (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + (8+24*sizeof(void*))))), (*((size_t*) (arg + (8+25*sizeof(void*))))) },
    (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + (8+26*sizeof(void*))))), (*((size_t*) (arg + (8+27*sizeof(void*))))) },
    (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + (8+28*sizeof(void*))))), (*((size_t*) (arg + (8+29*sizeof(void*))))) },
    (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + (8+30*sizeof(void*))))), (*((size_t*) (arg + (8+31*sizeof(void*))))) },
    (analyzer_list_u8_t) (analyzer_list_u8_t) { (uint8_t*)(*((uint8_t **) (arg + (8+32*sizeof(void*))))), (*((size_t*) (arg + (8+33*sizeof(void*))))) },
    (analyzer_list_u8_t) (analyzer_list_u8_t) { (uint8_t*)(*((uint8_t **) (arg + (8+34*sizeof(void*))))), (*((size_t*) (arg + (8+35*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+36*sizeof(void*))))), (*((size_t*) (arg + (8+37*sizeof(void*))))) },
    (analyzer_list_u8_t) (analyzer_list_u8_t) { (uint8_t*)(*((uint8_t **) (arg + (8+38*sizeof(void*))))), (*((size_t*) (arg + (8+39*sizeof(void*))))) },
    (analyzer_list_u8_t) (analyzer_list_u8_t) { (uint8_t*)(*((uint8_t **) (arg + (8+40*sizeof(void*))))), (*((size_t*) (arg + (8+41*sizeof(void*))))) },
    (analyzer_list_u8_t) (analyzer_list_u8_t) { (uint8_t*)(*((uint8_t **) (arg + (8+42*sizeof(void*))))), (*((size_t*) (arg + (8+43*sizeof(void*))))) },
    (analyzer_list_u16_t) (analyzer_list_u16_t) { (uint16_t*)(*((uint8_t **) (arg + (8+44*sizeof(void*))))), (*((size_t*) (arg + (8+45*sizeof(void*))))) },
    (analyzer_list_u16_t) (analyzer_list_u16_t) { (uint16_t*)(*((uint8_t **) (arg + (8+46*sizeof(void*))))), (*((size_t*) (arg + (8+47*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+48*sizeof(void*))))), (*((size_t*) (arg + (8+49*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+50*sizeof(void*))))), (*((size_t*) (arg + (8+51*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+52*sizeof(void*))))), (*((size_t*) (arg + (8+53*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+54*sizeof(void*))))), (*((size_t*) (arg + (8+55*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+56*sizeof(void*))))), (*((size_t*) (arg + (8+57*sizeof(void*))))) },
    (analyzer_list_u8_t) (analyzer_list_u8_t) { (uint8_t*)(*((uint8_t **) (arg + (8+58*sizeof(void*))))), (*((size_t*) (arg + (8+59*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+60*sizeof(void*))))), (*((size_t*) (arg + (8+61*sizeof(void*))))) },
    (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + (8+62*sizeof(void*))))), (*((size_t*) (arg + (8+63*sizeof(void*))))) },
    (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + (8+64*sizeof(void*))))), (*((size_t*) (arg + (8+65*sizeof(void*))))) },
    (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + (8+66*sizeof(void*))))), (*((size_t*) (arg + (8+67*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+68*sizeof(void*))))), (*((size_t*) (arg + (8+69*sizeof(void*))))) },
    (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + (8+70*sizeof(void*))))), (*((size_t*) (arg + (8+71*sizeof(void*))))) },
    (analyzer_list_u8_t) (analyzer_list_u8_t) { (uint8_t*)(*((uint8_t **) (arg + (8+72*sizeof(void*))))), (*((size_t*) (arg + (8+73*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+74*sizeof(void*))))), (*((size_t*) (arg + (8+75*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+76*sizeof(void*))))), (*((size_t*) (arg + (8+77*sizeof(void*))))) },
    (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + (8+78*sizeof(void*))))), (*((size_t*) (arg + (8+79*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+80*sizeof(void*))))), (*((size_t*) (arg + (8+81*sizeof(void*))))) },
    (analyzer_list_u64_t) (analyzer_list_u64_t) { (uint64_t*)(*((uint8_t **) (arg + (8+82*sizeof(void*))))), (*((size_t*) (arg + (8+83*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+84*sizeof(void*))))), (*((size_t*) (arg + (8+85*sizeof(void*))))) },
    (analyzer_list_u32_t) (analyzer_list_u32_t) { (uint32_t*)(*((uint8_t **) (arg + (8+86*sizeof(void*))))), (*((size_t*) (arg + (8+87*sizeof(void*))))) },
    (analyzer_list_u8_t) (analyzer_list_u8_t) { (uint8_t*)(*((uint8_t **) (arg + (8+88*sizeof(void*))))), (*((size_t*) (arg + (8+89*sizeof(void*))))) },
  };
  exports_mcpcap_analysis_analyze_result_bool_problem_t ret;
  bool ok;
  exports_mcpcap_analysis_analyze_problem_t err;
  ret.is_err = !exports_mcpcap_analysis_analyze_feed(&arg1, &arg2, &ok, &err);
  if (ret.is_err) {
    ret.val.err = err;
  }
  if (!ret.is_err) {
    ret.val.ok = ok;
  }
  free(arg);
  uint8_t *ptr = (uint8_t *) &RET_AREA;
  if ((ret).is_err) {
    const exports_mcpcap_analysis_analyze_problem_t *payload3 = &(ret).val.err;*((int8_t*)(ptr + 0)) = 1;
    switch ((int32_t) (*payload3).tag) {
      case 0: {
        const mcpcap_analysis_types_bad_argument_t *payload4 = &(*payload3).val.arguments;
        *((int8_t*)(ptr + 8)) = 0;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = ((*payload4).argument).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) ((*payload4).argument).ptr;
        *((size_t*)(ptr + (16+3*sizeof(void*)))) = ((*payload4).reason).len;
        *((uint8_t **)(ptr + (16+2*sizeof(void*)))) = (uint8_t *) ((*payload4).reason).ptr;
        break;
      }
      case 1: {
        const analyzer_string_t *payload5 = &(*payload3).val.unknown_format;
        *((int8_t*)(ptr + 8)) = 1;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = (*payload5).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) (*payload5).ptr;
        break;
      }
      case 2: {
        const mcpcap_analysis_types_bad_input_t *payload6 = &(*payload3).val.input;
        *((int8_t*)(ptr + 8)) = 2;
        if (((*payload6).offset).is_some) {
          const uint64_t *payload8 = &((*payload6).offset).val;
          *((int8_t*)(ptr + 16)) = 1;
          *((int64_t*)(ptr + 24)) = (int64_t) (*payload8);
        } else {
          *((int8_t*)(ptr + 16)) = 0;
        }
        if (((*payload6).frame).is_some) {
          const uint64_t *payload10 = &((*payload6).frame).val;
          *((int8_t*)(ptr + 32)) = 1;
          *((int64_t*)(ptr + 40)) = (int64_t) (*payload10);
        } else {
          *((int8_t*)(ptr + 32)) = 0;
        }
        *((size_t*)(ptr + (48+1*sizeof(void*)))) = ((*payload6).reason).len;
        *((uint8_t **)(ptr + 48)) = (uint8_t *) ((*payload6).reason).ptr;
        break;
      }
      case 3: {
        const mcpcap_analysis_types_limit_reached_t *payload11 = &(*payload3).val.limit;
        *((int8_t*)(ptr + 8)) = 3;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = ((*payload11).limit).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) ((*payload11).limit).ptr;
        *((size_t*)(ptr + (16+3*sizeof(void*)))) = ((*payload11).reason).len;
        *((uint8_t **)(ptr + (16+2*sizeof(void*)))) = (uint8_t *) ((*payload11).reason).ptr;
        break;
      }
    }
  } else {
    const bool *payload = &(ret).val.ok;*((int8_t*)(ptr + 0)) = 0;
    *((int8_t*)(ptr + 8)) = *payload;
  }
  return ptr;
}

__attribute__((__export_name__("mcpcap:analysis/analyze@0.2.0#finish")))
uint8_t * __wasm_export_exports_mcpcap_analysis_analyze_finish(uint8_t * arg, size_t arg0) {
  analyzer_string_t arg1 = (analyzer_string_t) { (uint8_t*)(arg), (arg0) };
  exports_mcpcap_analysis_analyze_result_string_problem_t ret;
  analyzer_string_t ok;
  exports_mcpcap_analysis_analyze_problem_t err;
  ret.is_err = !exports_mcpcap_analysis_analyze_finish(&arg1, &ok, &err);
  if (ret.is_err) {
    ret.val.err = err;
  }
  if (!ret.is_err) {
    ret.val.ok = ok;
  }
  uint8_t *ptr = (uint8_t *) &RET_AREA;
  if ((ret).is_err) {
    const exports_mcpcap_analysis_analyze_problem_t *payload2 = &(ret).val.err;*((int8_t*)(ptr + 0)) = 1;
    switch ((int32_t) (*payload2).tag) {
      case 0: {
        const mcpcap_analysis_types_bad_argument_t *payload3 = &(*payload2).val.arguments;
        *((int8_t*)(ptr + 8)) = 0;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = ((*payload3).argument).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) ((*payload3).argument).ptr;
        *((size_t*)(ptr + (16+3*sizeof(void*)))) = ((*payload3).reason).len;
        *((uint8_t **)(ptr + (16+2*sizeof(void*)))) = (uint8_t *) ((*payload3).reason).ptr;
        break;
      }
      case 1: {
        const analyzer_string_t *payload4 = &(*payload2).val.unknown_format;
        *((int8_t*)(ptr + 8)) = 1;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = (*payload4).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) (*payload4).ptr;
        break;
      }
      case 2: {
        const mcpcap_analysis_types_bad_input_t *payload5 = &(*payload2).val.input;
        *((int8_t*)(ptr + 8)) = 2;
        if (((*payload5).offset).is_some) {
          const uint64_t *payload7 = &((*payload5).offset).val;
          *((int8_t*)(ptr + 16)) = 1;
          *((int64_t*)(ptr + 24)) = (int64_t) (*payload7);
        } else {
          *((int8_t*)(ptr + 16)) = 0;
        }
        if (((*payload5).frame).is_some) {
          const uint64_t *payload9 = &((*payload5).frame).val;
          *((int8_t*)(ptr + 32)) = 1;
          *((int64_t*)(ptr + 40)) = (int64_t) (*payload9);
        } else {
          *((int8_t*)(ptr + 32)) = 0;
        }
        *((size_t*)(ptr + (48+1*sizeof(void*)))) = ((*payload5).reason).len;
        *((uint8_t **)(ptr + 48)) = (uint8_t *) ((*payload5).reason).ptr;
        break;
      }
      case 3: {
        const mcpcap_analysis_types_limit_reached_t *payload10 = &(*payload2).val.limit;
        *((int8_t*)(ptr + 8)) = 3;
        *((size_t*)(ptr + (16+1*sizeof(void*)))) = ((*payload10).limit).len;
        *((uint8_t **)(ptr + 16)) = (uint8_t *) ((*payload10).limit).ptr;
        *((size_t*)(ptr + (16+3*sizeof(void*)))) = ((*payload10).reason).len;
        *((uint8_t **)(ptr + (16+2*sizeof(void*)))) = (uint8_t *) ((*payload10).reason).ptr;
        break;
      }
    }
  } else {
    const analyzer_string_t *payload = &(ret).val.ok;*((int8_t*)(ptr + 0)) = 0;
    *((size_t*)(ptr + (8+1*sizeof(void*)))) = (*payload).len;
    *((uint8_t **)(ptr + 8)) = (uint8_t *) (*payload).ptr;
  }
  return ptr;
}

// Ensure that the *_component_type.o object is linked in

extern void __component_type_object_force_link_analyzer(void);
__attribute__((used))
void __component_type_object_force_link_analyzer_public_use_in_this_compilation_unit(void) {
  __component_type_object_force_link_analyzer();
}
