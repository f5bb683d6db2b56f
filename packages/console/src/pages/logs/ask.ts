import type {
  EventFieldsView,
  EventPageView,
  EventValuesView,
  FieldStatisticsView,
  RunningQueryView,
} from '@kydai/contracts';
import { queryOptions } from '@tanstack/react-query';
import { get, withParameters } from '../../api/client.ts';

const root = '/api/v1/events';

/** Detections that rest on an event, each with the incident that it belongs to. */
interface Titled {
  readonly id: string;
  readonly title: string;
  readonly titleVi?: string;
}
export interface Related {
  readonly detections: readonly (Titled & { readonly rule: string; readonly level: string })[];
  readonly incidents: readonly (Titled & { readonly number: string })[];
}

interface Span {
  readonly from: string;
  readonly to: string;
}

export const fieldsQuery = (q: string, span: Span) =>
  queryOptions({
    queryKey: ['event-fields', q, span.from, span.to],
    queryFn: ({ signal }) => get<EventFieldsView>(withParameters(`${root}/fields`, { q, ...span }), signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const valuesQuery = (asked: {
  q: string;
  span: Span;
  field: string;
  prefix?: string;
  top?: number;
}) => {
  const { q, span, field, prefix = '', top = 10 } = asked;
  return queryOptions({
    queryKey: ['event-values', q, span.from, span.to, field, prefix, top],
    queryFn: ({ signal }) =>
      get<EventValuesView>(withParameters(`${root}/values`, { q, ...span, field, prefix, top }), signal),
    staleTime: 60_000,
    retry: false,
  });
};

export const statisticsQuery = (q: string, span: Span, field: string) =>
  queryOptions({
    queryKey: ['event-statistics', q, span.from, span.to, field],
    queryFn: ({ signal }) =>
      get<FieldStatisticsView>(withParameters(`${root}/statistics`, { q, ...span, field }), signal),
    staleTime: 60_000,
    retry: false,
  });

/** How far the question of this name is. */
export const runningQuery = (track: string) =>
  queryOptions({
    queryKey: ['event-running', track],
    queryFn: ({ signal }) => get<RunningQueryView>(withParameters(`${root}/running`, { track }), signal),
    refetchInterval: 500,
    retry: false,
    gcTime: 0,
  });

export const relatedQuery = (id: string) =>
  queryOptions({
    queryKey: ['event-related', id],
    queryFn: ({ signal }) => get<Related>(withParameters(`${root}/related`, { id }), signal),
    staleTime: 30_000,
  });

export const surroundingQuery = (id: string, same: string) =>
  queryOptions({
    queryKey: ['event-surrounding', id, same],
    queryFn: ({ signal }) =>
      get<Pick<EventPageView, 'events'>>(withParameters(`${root}/surrounding`, { id, same }), signal),
  });

export const exportAddress = (q: string, span: Span, format: string, columns: readonly string[]): string =>
  withParameters(`${root}/export`, { q, ...span, format, columns: columns.join(',') });

export const tailAddress = (q: string): string => withParameters(`${root}/tail`, { q });
