# Completion of kernel-identity for bash: source this file, or put it into the directory that
# `pkg-config --variable=completionsdir bash-completion` names, as `kernel-identity`.

_kernel_identity() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-} i
  COMPREPLY=()

  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W 'run hold wait inspect reclaim agent self probe list dump --help --version' -- "$word")
    return
  fi

  if [[ $command == run ]]; then
    for ((i = 2; i < COMP_CWORD; i++)); do
      # The words after -- belong to the command, and are completed as its own command line.
      if [[ ${COMP_WORDS[i]} == -- ]]; then
        if declare -F _command_offset >/dev/null; then _command_offset $((i + 1)); fi
        return
      fi
    done
    case $previous in
      -c | --command | -E | --conflict-exit-code) return ;;
      -w | --timeout) mapfile -t COMPREPLY < <(compgen -W '0 10s 1m 5m 1h' -- "$word"); return ;;
      --label) return ;;
      --on-lost) mapfile -t COMPREPLY < <(compgen -W 'end ignore' -- "$word"); return ;;
    esac
  fi

  if [[ $command == hold || $command == wait ]]; then
    case $previous in
      -w | --timeout) mapfile -t COMPREPLY < <(compgen -W '0 10s 1m 5m 1h' -- "$word"); return ;;
      --fd) mapfile -t COMPREPLY < <(compgen -W '9' -- "$word"); return ;;
      --label | -E | --conflict-exit-code) return ;;
    esac
  fi

  case $previous in
    --ownerless | --clock-slack) mapfile -t COMPREPLY < <(compgen -W '0s 30s 5m 1h' -- "$word"); return ;;
    --legacy) mapfile -t COMPREPLY < <(compgen -W 'assume unknown' -- "$word"); return ;;
    --empty-file) mapfile -t COMPREPLY < <(compgen -W 'take refuse' -- "$word"); return ;;
  esac

  if [[ $word == -* ]]; then
    local options='--help' waiting='--nonblock --timeout --conflict-exit-code --quiet'
    local judging='--legacy --clock-slack --ownerless --empty-file --same-host --trust-boot-id'
    case $command in
      run) options+=" $waiting --command --label --on-lost $judging --" ;;
      hold) options+=" $waiting --fd --label $judging" ;;
      wait) options+=" $waiting $judging" ;;
      inspect) options+=" --recursive --watch --json --json-lines --exit-code --exit-code=detailed $judging" ;;
      dump) options+=' --redact --json' ;;
      reclaim) options+=" --timeout --force --yes --json --json-lines $judging" ;;
      agent) options+=' --settle' ;;
      list) options+=' --limit --json' ;;
      self | probe) options+=' --json' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    return
  fi

  case $command in
    probe) mapfile -t COMPREPLY < <(compgen -W "$(ps -eo pid= 2>/dev/null)" -- "$word") ;;
    run | hold | wait | inspect | reclaim | dump)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      ;;
  esac
}

complete -F _kernel_identity kernel-identity
